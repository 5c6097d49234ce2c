"""What the values in mask files mean: decided for the whole data set, from all values that occur, or asked.

Masks come in these encodings. `binary`: 0 and 255. `ids`: the value of a pixel is its class. `palette`: the color of a
pixel stands for its class. `threshold`: values from one on are foreground (`data.foreground`, `data.threshold`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import ImageColor
from skimage.measure import regionprops

from shared.console import log
from shared.data.problems import named
from shared.errors import UserError
from src.config import DataConfig
from src.masks import IGNORE
from src.masks.decode import MaskFormat, Seen, image_of, mask_of

WHITE = {255, 65535}  # in 8 and in 16 bits
BLACK_WHITE = {0, *WHITE}
MAX_CLASSES = 64
NAMED_AT_MOST = 20  # classes in a line to copy
INSPECTED = 50  # masks that are looked at where all would take long
ALIKE = 0.5  # share of the variance of colors that classes explain at least, and numbers of objects do not
ABOVE_ZERO = "--data.foreground above_zero"


def detect_format(seen: Sequence[Seen], settings: DataConfig, notes: list[str]) -> MaskFormat:
    """Tell how masks hold classes, by the values in all of them; `notes` gets sentences about what was decided.

    Raises:
        UserError: the values can mean several things; the message names the settings that decide.
    """
    gray, palettes, colored = ([one for one in seen if one.mask.kind == kind] for kind in ("gray", "palette", "color"))
    meant = {color for one in palettes for color in one.mask.as_colors().tolist()}
    if palettes and not settings.palette and meant <= {0, 0xFFFFFF}:
        # Programs that reduce colors number them in any order: which index is white differs from file to file.
        form = detect_format([replace(one, mask=one.mask.as_gray()) for one in seen], settings, notes)
        return replace(form, gray_palettes=True)
    note(notes, "transparent pixels of masks are read as background", [one for one in seen if one.mask.is_transparent])
    drawn = seen[0].pair.is_drawn
    if drawn and settings.foreground == "auto":
        return MaskFormat("outlines", settings.classes, {one: one for one in [*range(len(settings.classes)), IGNORE]})
    if settings.palette:
        return palette_format(settings)
    ignored = {IGNORE: IGNORE} if drawn else {int(settings.ignore): IGNORE} if settings.ignore else {}
    lossy = [one for one in seen if one.pair.is_lossy]
    dark = [one for one in lossy if 0 < one.mask.levels[-1] < 128]
    binary = settings.classes or ["background", "foreground"]
    if settings.threshold:
        remedy = f"use {ABOVE_ZERO} in its place, where all that is not black is foreground"
        refuse(colored, "have colors, and data.threshold needs gray levels", remedy)
        return MaskFormat("threshold", binary, ignored, settings.threshold)
    if settings.foreground == "above_zero":
        remedy = "set --data.threshold 128 in its place" * (not dark and not colored)
        text = "are compressed (JPEG or WebP), which changes values, and data.foreground above_zero needs exact ones"
        refuse(lossy, text, "save them as PNG", remedy)
        return MaskFormat("threshold", binary, ignored, 1)
    refuse_colors(colored, seen)
    settle_palettes(palettes, gray, settings, notes)
    if len(binary) == 2:
        unclear = [one for one in lossy if one in dark or one.flat_gray > 0.002]
        remedy = "if only edges are gray, set --data.threshold 128" * (not dark)
        text = "hold other values than 0 and 255, and compression (JPEG or WebP) blurs those"
        refuse(unclear, text, "save them as PNG again from where they come", remedy)
    of_lossy = {0, 255} if len(binary) == 2 else set[int]()  # among ids, `decode_masks` leaves these masks out
    levels = [of_lossy if one.pair.is_lossy else {*one.mask.levels} - ignored.keys() for one in seen]
    if not ignored:
        require_one_scale(seen, levels)
    values = set[int]().union(*levels)
    white = values & WHITE
    if len(binary) == 2 and white and values <= BLACK_WHITE:
        return MaskFormat("binary", binary, {0: 0} | dict.fromkeys(white, 1) | ignored)
    ignored = ignored or {IGNORE: IGNORE}
    values -= ignored.keys()
    if len(binary) == 2:
        require_ids(seen, settings, values)
    names = settings.classes or [f"class {value}" for value in range(max(values) + 1)]
    return MaskFormat("ids", names, {value: value for value in range(len(names))} | ignored)


def palette_format(settings: DataConfig) -> MaskFormat:
    """Masks whose colors stand for classes; refuses texts that are no colors."""
    ids = {}
    colors = [("data.palette", color, index) for index, color in enumerate(settings.palette)]
    for key, text, index in [*colors, *[("data.ignore", settings.ignore, IGNORE)] * bool(settings.ignore)]:
        try:
            red, green, blue = ImageColor.getrgb(text)[:3]
        except ValueError as error:
            raise UserError(f"{key} has {text!r}, which is no color; write it as '#ff8800'.") from error
        ids[red << 16 | green << 8 | blue] = index
    return MaskFormat("palette", settings.classes, ids)


def note(notes: list[str], sentence: str, concerned: Sequence[Seen]) -> None:
    """Say what was decided about some masks, if any; the record has no names of files, as exported models carry it."""
    if concerned:
        log.warning(f"{sentence}: {files(concerned)}.")
        notes.append(f"{sentence}: {len(concerned)}")


def files(seen: Sequence[Seen]) -> str:
    """How many masks these are, and the first ones' names."""
    return f"{len(seen)} ({named([one.pair.mask.name for one in seen])})"


def refuse(concerned: Sequence[Seen], what: str, *remedies: str) -> None:
    """Refuse some masks, if any: what they have or hold, and the ways out, of which empty ones are left out."""
    if concerned:
        raise UserError(f"masks {what}: {files(concerned)}; {'; or '.join(filter(None, remedies))}.")


def shown(values: set[int]) -> str:
    """Some values, for people."""
    return named([str(value) for value in sorted(values)])


def settle_palettes(palettes: Sequence[Seen], gray: Sequence[Seen], settings: DataConfig, notes: list[str]) -> None:
    """Refuse palettes that contradict each other or the gray masks, unless the settings tell what values mean."""
    colors: dict[int, int] = {}  # programs that reduce colors choose a palette for each file
    odd = []
    for one in palettes:
        meant = dict(zip(one.mask.levels, one.mask.as_colors().tolist(), strict=True))
        if any(colors.setdefault(level, color) != color for level, color in meant.items()):
            odd.append(one)
    if not settings.classes:
        remedy = "name the classes with data.classes if values stand for them, and data.palette too if colors do"
        refuse(odd, "have a palette that gives a value another color than masks before", remedy)
    note(notes, "masks whose palettes differ from those before; values stand for the classes, not colors", odd)
    if palettes:
        others = {level for one in gray for level in one.mask.levels} - {int(settings.ignore or IGNORE)} - colors.keys()
        text = f"are gray with the values {shown(others)}, where {files(palettes)} have a palette without these"
        refuse(gray if others else [], text, "save all masks alike")
        note(notes, "gray masks stand beside masks with a palette; values stand for the classes in both", gray)


def require_one_scale(seen: Sequence[Seen], levels: Sequence[set[int]]) -> None:
    """Refuse masks of 0 and 255 among masks of class ids, where 255 would be ignored and never is in those of ids."""
    pairs = list(zip(seen, levels, strict=True))
    numbered = [one for one, found in pairs if found - BLACK_WHITE]
    black_white = [one for one, found in pairs if found & WHITE and found <= BLACK_WHITE]
    both = [found for found in levels if IGNORE in found and found - BLACK_WHITE]
    ids = set[int]().union(*levels) - WHITE
    if numbered and len(black_white) > len(both) and max(ids) < MAX_CLASSES:
        as_png = any(one.pair.is_lossy for one in black_white)
        remedies = [f"take all values above 0 as foreground with {ABOVE_ZERO}"] * (max(ids) == 1)
        remedies = [] if as_png else [*remedies, "if 255 is ignored, set --data.ignore 255"]
        text = f"hold 0 and 255, where {files(numbered)} hold class ids ({shown(ids)})"
        refuse(black_white, text, f"save all alike{' as PNG' * as_png}", *remedies)


def require_ids(seen: Sequence[Seen], settings: DataConfig, values: set[int]) -> None:
    """Refuse values that number objects, or that are no class ids; soft edges and scaled ids look like this."""
    largest, least = max(values, default=0), min(values, default=0)
    if largest < 1:
        raise UserError("the masks hold no value but 0 and the ignored one, so nothing is marked; correct the masks.")
    if largest >= max(2, len(settings.classes)) and numbers_objects(seen, settings):
        ask = f"if they are classes, name them: {naming([f'class {value}' for value in range(largest + 1)])}"
        refuse(
            seen,
            f"seem to number objects (values up to {largest}, each of them one region in a mask)",
            f"if these are objects of one kind, set {ABOVE_ZERO}",
            ask * (largest < MAX_CLASSES and not settings.classes),
        )
    if largest < MAX_CLASSES and least >= 0:
        return
    text = f"hold the values {shown(values)}, neither 0 and 255 nor class ids below {MAX_CLASSES}"
    odd = [one for one in seen if {*one.mask.levels} - BLACK_WHITE] or seen
    if least < 0 or largest > 255:
        refuse(odd, text, f"set {ABOVE_ZERO} if all values above 0 are foreground", "save ids from 0 on")
    levels = sorted(values | {level for one in seen for level in one.mask.levels})
    named_levels = naming([f"level {level}" for level in levels], [f"#{level * 0x010101:06x}" for level in levels])
    threshold = 128 if largest >= 128 else largest // 2
    refuse(
        odd,
        text,
        f"if each level is a class, name them: {named_levels}" * (len(values | {IGNORE}) <= 8),
        f"if edges are soft, set --data.threshold {threshold}: levels from there on are foreground",
    )


def numbers_objects(seen: Sequence[Seen], settings: DataConfig) -> bool:
    """Whether values seem to number objects: each is one region, and objects of one number do not look alike."""
    numbers, colors, filled, gapless, flat = [], [], [], [], []
    for one in some(seen):
        image = one.held[0] if one.held else image_of(settings, one.pair)
        values = (one.held[1] if one.held else mask_of(settings, one.pair)).values
        step = max(1, max(values.shape) // 512)  # of large masks fewer pixels say the same
        values = values[::step, ::step]
        values = np.where((values == IGNORE) | (values < 0), 0, values)
        levels = np.unique(np.append(values, 0))
        regions = regionprops(np.searchsorted(levels, values), image[::step, ::step])
        numbers += levels[levels > 0].tolist()
        colors += [region.intensity_mean for region in regions]  # [3]
        filled += [region.extent for region in regions]  # the share of the box around it
        gapless.append(levels[-1] == len(regions))
        flat += [(values[:, 1:] == values[:, :-1])[values[:, 1:] > 0], (values[1:] == values[:-1])[values[1:] > 0]]
    # Mostly 1, 2, 3 without gaps, or many numbers; and more than one in a mask.
    in_order = len(numbers) > len(gapless) and (np.mean(gapless) >= 0.8 or len({*numbers}) > 8)
    # One region fills its box, several far from each other do not; of a gradient each level is a thin region.
    are_regions = np.mean(filled) > 0.4 and np.concatenate(flat).mean() > 0.5
    return bool(are_regions and in_order and explained_variance(np.array(numbers), np.array(colors)) < ALIKE)


def some(seen: Sequence[Seen]) -> Sequence[Seen]:
    """Masks that stand for all."""
    return seen[:: max(1, len(seen) // INSPECTED)]


def explained_variance(numbers: np.ndarray, colors: np.ndarray) -> float:
    """The adjusted share of the variance of colors [N, 3] that numbers [N] explain: 1 where each has its own color."""
    groups = np.unique(numbers)
    within = sum(((colors[numbers == one] - colors[numbers == one].mean(0)) ** 2).sum() for one in groups)
    total = ((colors - colors.mean(0)) ** 2).sum()
    if len(numbers) == len(groups) or not total:
        return 0.0
    return float(1 - within / total * (len(numbers) - 1) / (len(numbers) - len(groups)))


def refuse_colors(colored: Sequence[Seen], seen: Sequence[Seen]) -> None:
    """Refuse colors without a palette; name those that occur."""
    if any(one.pair.is_lossy for one in colored):
        remedy = "name them with data.classes and data.palette"
        refuse(colored, "have colors, which compression blurs", "save them as PNG", remedy)
    counts: Counter[int] = Counter()
    for one in some(seen) if colored else ():
        counts.update(dict(zip(one.mask.as_colors().tolist(), one.counts.tolist(), strict=True)))
    common = [f"#{color:06x}" for color, _ in counts.most_common()]
    flags = naming([f"class {color[1:]}" for color in common], common)
    refuse(
        colored,
        f"have colors, such as {named(common)}",
        f"if each is a class, name them: {flags}" * (len(common) <= NAMED_AT_MOST),
        f"if all that is not black is foreground: {ABOVE_ZERO}",
    )


def naming(classes: Sequence[str], colors: Sequence[str] = (), ignore: str = "") -> str:
    """The flags that name classes and their colors."""
    flags = [f'--data.{key} "{list(texts)}"' for key, texts in (("classes", classes), ("palette", colors)) if texts]
    return " ".join(flags + [f"--data.ignore '{ignore}'"] * bool(ignore))


def require_every_class(
    root: Path, form: MaskFormat, pixels: np.ndarray, seen: Sequence[Seen], settings: DataConfig
) -> None:
    """Refuse classes that none of all pixels, [C + 1], has: a wrong reading of the masks looks like this."""
    occurring = np.flatnonzero(pixels[:-1]).tolist()
    missing = [name for index, name in enumerate(form.classes) if index not in occurring]
    if not missing:
        return
    text = f"no pixel of any mask in {root} is of the class {named(missing)}; correct the masks"
    if len(occurring) < 2 or form.encoding in ("binary", "threshold"):
        raise UserError(f"{text}, or how they are read: data.classes, data.palette, data.foreground, data.threshold.")
    names = [form.classes[index] for index in occurring]
    palette, ignore = [settings.palette[index] for index in occurring] if settings.palette else [], settings.ignore
    if form.encoding == "ids":  # without the missing ones, ids have gaps, which colors do not mind
        palettes = [one.mask.palette for one in seen if one.mask.palette is not None]
        colors = palettes[0] if palettes else np.arange(256) * 0x010101
        color = [f"#{one:06x}" for one in colors.tolist()]
        ignore = color[int(settings.ignore or IGNORE)] if pixels[-1] else ""
        palette = [color[index] for index in occurring]
    raise UserError(f"{text}, or name those that occur: {naming(names, palette, ignore)}.")
