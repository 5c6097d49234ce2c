"""Photographs of people that scikit-image ships: the report and the page show what the network says of them."""

from PIL import Image, ImageEnhance, ImageOps
from skimage.data import astronaut, camera, chelsea


def images_of_people() -> dict[str, Image.Image]:
    """Photos that scikit-image ships (astronaut: NASA, public domain; camera: CC0; chelsea, a cat: CC0).

    Each person has one photograph, so the second photo of the astronaut is the first one, changed: smaller, mirrored,
    darker and turned.
    """
    person = Image.fromarray(astronaut())
    changed = ImageEnhance.Brightness(ImageOps.mirror(person).resize((360, 360))).enhance(0.7).rotate(10)
    others = {"cameraman": Image.fromarray(camera()), "cat": Image.fromarray(chelsea())}
    return {"astronaut": person, "astronaut, changed": changed} | others
