"""The objects that the event files read: `events/objects/KEY` stands for `s3://my-bucket/KEY`."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "events" / "objects"
OBJECTS = {
    path.relative_to(FOLDER).as_posix(): path.read_bytes()
    for path in sorted(FOLDER.rglob("*"))
    if path.is_file()
}
