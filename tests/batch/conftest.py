import pytest
import survival


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A folder with fifty tiny images and a mask."""
    folder = tmp_path_factory.mktemp("pictures")
    survival.make_images(folder)
    return folder


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory, pictures):
    """What one worker makes of the images when nothing happens: contents by the names of the files."""
    batch = survival.Batch(tmp_path_factory.mktemp("undisturbed"), pictures)
    assert batch.run("--jobs", 1) == (0, [])
    outputs = {path.name: path.read_bytes() for path in batch.out.glob("*.png")}
    assert len(outputs) == survival.COUNT
    return outputs


@pytest.fixture
def batch(tmp_path, pictures):
    """A batch on copies of the images."""
    batch = survival.Batch(tmp_path, pictures)
    yield batch
    batch.close()
