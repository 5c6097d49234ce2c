"""Images with a class for each pixel: found in pairs of files, decoded, checked, and told apart by their class ids.

Masks come in three encodings. `binary`: 0 and 255. `ids`: each pixel's value is its class. `palette`: each pixel's
color is its class's. In memory a mask is always uint8 class ids, with `IGNORE` where a pixel counts for nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageColor, ImageOps

from shared.console import log, track
from shared.data.folders import class_folders
from shared.data.images import UnreadableImageError, list_images, open_image, read_image
from shared.data.problems import Problems, named
from shared.data.split_names import SPLIT_NAMES, splits_among
from shared.errors import UserError

IGNORE = 255
"""The id of pixels that are neither learned from nor scored."""
MOST_CLASSES = 64
_LOSSY = (".jpg", ".jfif", ".jpeg", ".webp")

Encoding = Literal["binary", "ids", "palette"]


@dataclass
class Images:
    """Images of any sizes and their masks, in memory."""

    names: list[str] = field(default_factory=list)
    images: list[np.ndarray] = field(default_factory=list)
    """uint8 [H, W, 3]."""
    masks: list[np.ndarray] = field(default_factory=list)
    """uint8 class ids or `IGNORE`, [H, W]."""

    def __len__(self) -> int:
        return len(self.names)

    def at(self, indices: Sequence[int] | np.ndarray) -> "Images":
        """The images at these indices."""
        return Images(
            [self.names[index] for index in indices],
            [self.images[index] for index in indices],
            [self.masks[index] for index in indices],
        )


@dataclass(frozen=True)
class Pair:
    """An image's file and its mask's."""

    name: str
    """The path below the folder of images, without the suffix."""
    image: Path
    mask: Path


def find_pairs(images: Path, masks: Path, problems: Problems) -> list[Pair]:
    """Match the images of two folders by their names without suffix; what has no partner goes into `problems`."""
    found, wanted = _by_name(images, problems), _by_name(masks, problems)
    for name in sorted(found.keys() - wanted.keys()):
        problems.add("images without a mask", f"{images.name}/{found[name].relative_to(images)}")
    for name in sorted(wanted.keys() - found.keys()):
        problems.add("masks without an image", f"{masks.name}/{wanted[name].relative_to(masks)}")
    return [Pair(name, found[name], wanted[name]) for name in sorted(found.keys() & wanted.keys())]


def _by_name(folder: Path, problems: Problems) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in list_images(folder):
        name = path.relative_to(folder).with_suffix("").as_posix()
        if name in files:
            problems.add("files whose name another has too, apart from the suffix", f"{folder.name}/{path.name}")
        files.setdefault(name, path)
    return files


def read_mask(path: Path, colors: bool = False) -> np.ndarray:
    """Decode a mask: values [H, W], or colors uint8 [H, W, 3]; upright after its EXIF orientation, as images are.

    Args:
        colors: give the colors of a PNG with a palette, and not its indices.

    Raises:
        UnreadableImageError: no image, damaged, or too large.
    """
    return _decoded(path, colors)[0]


def _decoded(path: Path, colors: bool) -> tuple[np.ndarray, list[int]]:
    """A mask as `read_mask` gives it, and the palette that its values are shown in; empty where it has none."""
    with open_image(path) as image:
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode == "P" and not colors:
            return np.asarray(image), image.getpalette() or []
        return _without_palette(image), []


def _without_palette(image: Image.Image) -> np.ndarray:
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode in ("L", "I", "I;16", "I;16B", "I;16L"):
        return np.asarray(image)
    if image.mode == "LA":
        return np.asarray(image.getchannel("L"))
    return np.asarray(image.convert("RGB"))


def _plain_values(mask: np.ndarray) -> np.ndarray | None:
    """The values of a mask, [H, W], also of one saved in gray shades of color; None where there is real color."""
    if mask.ndim == 2:
        return mask
    gray = mask[:, :, 0]
    return gray if (mask == gray[:, :, None]).all() else None


@dataclass(frozen=True)
class MaskFormat:
    """How class ids are written in mask files."""

    encoding: Encoding
    classes: list[str]
    palette: list[tuple[int, int, int]] = field(default_factory=list)
    """The color of each class, for `palette`."""
    ignore: tuple[int, int, int] | int | None = None
    """The value or color of pixels to ignore."""

    def ids(self, mask: np.ndarray, lossy: bool) -> tuple[np.ndarray, list[str]]:
        """The class ids of a mask, uint8 [H, W], and what in it stands for no class.

        Args:
            lossy: the file's compression blurs values; the nearest class is meant.
        """
        if self.encoding == "palette":
            return self._from_colors(mask, lossy)
        values = _plain_values(mask)
        if values is None:
            return np.full(mask.shape[:2], IGNORE, np.uint8), ["colors"]
        if self.encoding == "binary" and lossy:
            values = np.where(values >= 128, 255, 0)
        return self._from_values(values)

    def _from_values(self, values: np.ndarray) -> tuple[np.ndarray, list[str]]:
        known = {0: 0, 255: 1} if self.encoding == "binary" else {index: index for index in range(len(self.classes))}
        if isinstance(self.ignore, int):
            known[self.ignore] = IGNORE
        found = np.unique(values)
        unknown = [str(value) for value in found if int(value) not in known]
        table = np.array([known.get(int(value), IGNORE) for value in found], np.uint8)
        return table[np.searchsorted(found, values)], unknown

    def _from_colors(self, mask: np.ndarray, lossy: bool) -> tuple[np.ndarray, list[str]]:
        colors = mask if mask.ndim == 3 else np.repeat(mask[:, :, None], 3, axis=2)
        known = {_packed(color): index for index, color in enumerate(self.palette)}
        if isinstance(self.ignore, tuple):
            known[_packed(self.ignore)] = IGNORE
        packed = colors.astype(np.int64) @ (1 << 16, 1 << 8, 1)
        found, inverse = np.unique(packed, return_inverse=True)
        nearest = _nearest(found, np.array(list(known))) if lossy else found
        table = np.array([known.get(int(value), IGNORE) for value in nearest], np.uint8)
        unknown = [f"#{value:06x}" for value in nearest if int(value) not in known]
        return table[inverse.reshape(packed.shape)], unknown


def _packed(color: tuple[int, int, int]) -> int:
    return color[0] << 16 | color[1] << 8 | color[2]


def _nearest(found: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The known color that is nearest to each found one; all packed."""
    splits = [np.stack([colors >> 16, colors >> 8 & 255, colors & 255], 1) for colors in (found, known)]
    distances = ((splits[0][:, None] - splits[1][None]) ** 2).sum(2)
    nearest: np.ndarray = known[distances.argmin(1)]
    return nearest


def parse_color(text: str, key: str) -> tuple[int, int, int]:
    """A color from `#rrggbb` or a name.

    Raises:
        UserError: it is no color; the message names `key`.
    """
    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError as error:
        raise UserError(f"{key} has {text!r}, which is no color; write it as '#ff8800'.") from error
    return red, green, blue


def detect_format(masks: Mapping[Path, np.ndarray], classes: Sequence[str], ignore: int | None) -> MaskFormat:
    """Tell 0/255 masks from class ids, by the values in all masks.

    Args:
        classes: the names of the classes; empty where the user gave none.
        ignore: the value of pixels to ignore; where None, ids use 255, as is usual.

    Raises:
        UserError: the values fit neither.
    """
    values: set[int] = set()
    for path, mask in masks.items():
        plain = _plain_values(mask)
        if plain is None:
            raise UserError(
                f"{path} has colors; say which stands for which class with data.classes and data.palette "
                "(a list of colors, in the same order)."
            )
        lossy = path.suffix.lower() in _LOSSY
        values |= {0, 255} if lossy else {int(value) for value in np.unique(plain)}
    values -= {ignore} if ignore is not None else set()
    if values <= {0, 255} and 255 in values and len(classes) in (0, 2):
        return MaskFormat("binary", list(classes) or ["background", "foreground"], ignore=ignore)
    ignored = IGNORE if ignore is None else ignore
    return MaskFormat("ids", list(classes) or _classes_by_id(values - {ignored}), ignore=ignored)


def _classes_by_id(values: set[int]) -> list[str]:
    most = max(values, default=0)
    if not 1 <= most < MOST_CLASSES:
        listed = named([str(value) for value in sorted(values)])
        raise UserError(
            f"the masks hold the values {listed}, neither 0 and 255 nor class ids below {MOST_CLASSES}; "
            "name the classes with data.classes, and the value to ignore with data.ignore."
        )
    return [f"class {value}" for value in range(most + 1)]


@dataclass
class RawImages:
    """Pairs as they were decoded, before the masks' values are understood."""

    pairs: list[Pair] = field(default_factory=list)
    images: list[np.ndarray] = field(default_factory=list)
    masks: list[np.ndarray] = field(default_factory=list)
    colors: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """The color of each value, in masks that bring a palette."""
    odd: list[str] = field(default_factory=list)
    """Masks whose palette gives a value another color than one before."""

    def mask_files(self) -> dict[Path, np.ndarray]:
        """The masks by their files."""
        return {pair.mask: mask for pair, mask in zip(self.pairs, self.masks, strict=True)}


def read_pairs(pairs: Sequence[Pair], max_side: int, problems: Problems, colors: bool = False) -> RawImages:
    """Decode images and masks, and scale those down whose longer side is above `max_side` pixels.

    What cannot be read, or has a mask of another size, goes into `problems` and is left out.

    Args:
        colors: masks with a palette are meant by their colors (see `read_mask`).
    """
    raw = RawImages()
    for pair in track(pairs, "read images"):
        decoded = _read_pair(pair, problems, colors)
        if decoded is None:
            continue
        image, mask, palette = decoded
        if image.shape[:2] != mask.shape[:2]:
            sizes = f"{_size(image)}, its mask {_size(mask)}"
            problems.add("images whose mask has another size", f"{pair.image.name}: {sizes}")
            continue
        if palette:
            _compare_palettes(pair.mask.name, mask, palette, raw)
        raw.pairs.append(pair)
        raw.images.append(_shrunk(image, max_side, Image.Resampling.LANCZOS))
        raw.masks.append(_shrunk(mask, max_side, Image.Resampling.NEAREST))
    return raw


def _compare_palettes(name: str, mask: np.ndarray, palette: list[int], raw: RawImages) -> None:
    """Note a mask whose palette differs: programs that reduce colors choose one for each file, in any order."""
    used = {value: tuple(palette[3 * value : 3 * value + 3]) for value in np.unique(mask).tolist()}
    if any(raw.colors.setdefault(value, color) != color for value, color in used.items()):
        raw.odd.append(name)


def _read_pair(pair: Pair, problems: Problems, colors: bool) -> tuple[np.ndarray, np.ndarray, list[int]] | None:
    """An image, its mask, and the mask's palette; None where one cannot be read."""
    try:
        image = np.array(read_image(pair.image).convert("RGB"))
    except UnreadableImageError as error:
        problems.add("unreadable images", f"{pair.image.name}: {error}")
        return None
    try:
        return image, *_decoded(pair.mask, colors)
    except UnreadableImageError as error:
        problems.add("unreadable masks", f"{pair.mask.name}: {error}")
        return None


def _size(array: np.ndarray) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"


def _shrunk(array: np.ndarray, max_side: int, method: Image.Resampling) -> np.ndarray:
    height, width = array.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return array
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if array.dtype == np.uint8:
        return np.array(Image.fromarray(array).resize(size, method))
    return np.array(Image.fromarray(array.astype(np.int32)).resize(size, method))


def decode_masks(raw: RawImages, form: MaskFormat, problems: Problems) -> Images:
    """Turn the masks into class ids; a mask with unknown values goes into `problems` and is left out."""
    images = Images()
    for pair, image, mask in zip(raw.pairs, raw.images, raw.masks, strict=True):
        lossy = pair.mask.suffix.lower() in _LOSSY
        if lossy and form.encoding == "ids":
            problems.add("masks of class ids whose compression blurs them, save them as PNG", pair.mask.name)
            continue
        ids, unknown = form.ids(mask, lossy)
        if unknown:
            problems.add("masks with values that stand for no class", f"{pair.mask.name}: {named(unknown)}")
            continue
        images.names.append(pair.name)
        images.images.append(image)
        images.masks.append(ids)
    return images


def mask_folders(root: Path) -> dict[str, tuple[Path, Path]]:
    """The folders of images and masks below `root`, by split.

    Known are `images` and `masks` (the split is then empty), the same below `train`, `validation` and `test` or what
    else these are called (see `SPLIT_NAMES`), and `train` beside `trainannot` and so on, as CamVid has them.

    Raises:
        UserError: two folders are of one split.
    """
    if (root / "images").is_dir():
        return {"": (root / "images", root / "masks")}
    folders = [path for path in class_folders(root) if not path.name.endswith("annot")]
    pairs = {path: pair for path in folders if (pair := _pair_of(path))}
    splits, others = splits_among(list(pairs))
    if others and splits:
        log.warning(f"not read: {named([str(path) for path in others])}; the splits are train, validation and test.")
    return {split: pairs[splits[split]] for split in SPLIT_NAMES if split in splits}


def _pair_of(folder: Path) -> tuple[Path, Path] | None:
    """The images' and the masks' folder of one split, if it has both."""
    known = (folder, folder.with_name(f"{folder.name}annot")), (folder / "images", folder / "masks")
    return next(((images, masks) for images, masks in known if images.is_dir() and masks.is_dir()), None)
