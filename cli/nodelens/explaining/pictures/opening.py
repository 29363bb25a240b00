"""Opening a file that holds a picture, whatever its kind."""

from pathlib import Path

from nodelens.errors import UsageError
from nodelens.explaining.pictures.animation import with_frames
from nodelens.explaining.pictures.arrays import load_array
from nodelens.explaining.pictures.files import PIXEL_LIMIT, refuse_unreadable
from nodelens.explaining.pictures.photo import Photo, load_photo

VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg")


def open_picture(path: Path, *, pixel_limit: int = PIXEL_LIMIT, frames: bool = False) -> Photo:
    """Opens a picture or an array.

    Args:
        path: The file.
        pixel_limit: A picture with more pixels is refused before it is decoded.
        frames: True if an animation is read whole, and not its first frame only.

    Returns:
        The photo.

    Raises:
        UsageError: The file is missing, empty, too large, damaged, or no picture.
    """
    refuse_unreadable(path)
    if path.suffix.lower() in VIDEOS:
        place = path.with_suffix("")
        raise UsageError(
            f"{path}: a video is not read",
            hint=f"make pictures of it: ffmpeg -i {path} -vf fps=5 {place}/%05d.png, and explain "
            f"the directory {place}",
        )
    if path.suffix.lower() == ".npy":
        return load_array(path, pixel_limit=pixel_limit)
    photo = load_photo(path, pixel_limit=pixel_limit)
    return with_frames(photo, pixel_limit=pixel_limit) if frames else photo
