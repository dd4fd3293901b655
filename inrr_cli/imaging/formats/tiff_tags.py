"""Numbers of TIFF tags and of compressions."""

DESCRIPTION, ORIENTATION, SUB_IFDS, ICC_PROFILE, XMP = 270, 274, 330, 34675, 700
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
HISTORY = 37395  # TIFF/EP's ImageHistory: what was done to the image
NODATA = 42113  # of GDAL
SERIES = {DESCRIPTION, 50838, 50839}  # tags of ImageJ and tifffile that only the first page of a series has
PIXEL_SCALE, TIE_POINTS, TRANSFORMATION, GEO_KEYS = 33550, 33922, 34264, 34735  # of GeoTIFF
# tags that describe how pixels are stored, or point to other directories: the writer sets them anew
STRUCTURE = {
    254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 282, 283, 284, 288, 289, 292, 293, 296, 317, 320, 322,
    323, 324, 325, 330, 338, 339, 347, 400, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 34665,
    34853, 40965, 50674,
}  # fmt: skip
# lossless compressions and what the writer uses for them
LOSSLESS = {1: None, 5: "lzw", 8: "zlib", 32946: "zlib", 32773: "packbits", 50000: "zstd", 34926: "zstd", 34925: "lzma"}
