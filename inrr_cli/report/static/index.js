/* Columns sort by their numbers; what has none stays at the end. A second press turns the order round. */
function connectSorting(table) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.querySelector(".sort")?.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") !== (head.classList.contains("number") ? "descending" : "ascending");
      const isDescending = head.classList.contains("number") ? descending : !descending;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
      const value = (row) => row.cells[column]?.dataset.value ?? ""; // a failed image has no numbers
      const compare = (a, b) => (head.classList.contains("number") ? Number(a) - Number(b) : a.localeCompare(b));
      const rows = [...body.rows].sort((first, second) => {
        const [a, b] = [value(first), value(second)];
        if (a === "" || b === "") return (a === "") - (b === "");
        return isDescending ? compare(b, a) : compare(a, b);
      });
      body.append(...rows);
    });
  });
}

document.querySelectorAll("table").forEach(connectSorting);
