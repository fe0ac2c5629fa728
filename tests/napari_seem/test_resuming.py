"""Sessions found again when their image is opened."""

from __future__ import annotations

import pytest

from fakes import blobs
from napari_seem.session_data import SessionData
from napari_seem.session_file import former, image_of, read_session, write_session
from napari_seem.session_places import Where
from napari_seem.session_settings import SessionPreferences
from session_person import BLOBS, Clock, assert_same_state, click, opened, state, work


class TestFindingAgain:
    @pytest.fixture
    def earlier(self, make_model_viewer, tmp_path):
        wish = SessionPreferences(where=Where.FOLDER, folder=str(tmp_path))
        annotator = opened(make_model_viewer(), clock=Clock(), wish=wish)
        work(annotator)
        annotator.close()
        (path,) = tmp_path.iterdir()
        return path, state(annotator), wish

    def test_resume(self, earlier, make_model_viewer) -> None:
        path, before, wish = earlier
        clock = Clock()
        annotator = opened(make_model_viewer(), clock=clock, wish=wish)
        found = annotator.sessions.found
        assert (found.path, found.objects) == (path, 2)
        annotator.sessions.resume()
        assert annotator.sessions.found is None
        assert_same_state(state(annotator), before)
        click(annotator, (50.0, 60.0))
        clock.tick()
        assert sorted(p.name for p in path.parent.iterdir()) == [path.name, path.name + "~"]

    def test_start_anew_keeps_the_old_file(self, earlier, make_model_viewer) -> None:
        path, _, wish = earlier
        clock = Clock()
        annotator = opened(make_model_viewer(), clock=clock, wish=wish)
        annotator.sessions.start_anew()
        assert annotator.sessions.found is None
        assert annotator.page.current.is_blank
        click(annotator, BLOBS[0])
        clock.tick()
        assert read_session(path.with_name(path.stem + ".1.seem")).objects == 2
        assert read_session(path).objects == 1

    def test_who_does_not_decide_loses_nothing(self, earlier, make_model_viewer) -> None:
        path, before, wish = earlier
        clock = Clock()
        annotator = opened(make_model_viewer(), clock=clock, wish=wish)
        click(annotator, BLOBS[0])
        clock.tick()
        kept = path.with_name(path.stem + ".1.seem")
        assert annotator.sessions.found.path == kept
        annotator.sessions.resume()
        assert_same_state(state(annotator), before)
        clock.tick()
        assert read_session(path.with_name(path.stem + ".2.seem")).objects == 1
        assert read_session(path).objects == read_session(kept).objects == 2

    def test_a_file_cut_off_gives_way_to_the_one_before(self, earlier, make_model_viewer) -> None:
        path, _, wish = earlier
        former(path).write_bytes(path.read_bytes())
        path.write_bytes(path.read_bytes()[:100])
        annotator = opened(make_model_viewer(), clock=Clock(), wish=wish)
        assert annotator.sessions.found.objects == 2
        annotator.sessions.resume()
        assert annotator.shelf.pixels().max() == 1

    def test_other_pixels_are_another_image(self, earlier, make_model_viewer) -> None:
        image = blobs()
        image[0, 0] = 1
        annotator = opened(make_model_viewer(), image, clock=Clock(), wish=earlier[2])
        assert annotator.sessions.found is None

    def test_two_layers_of_one_file_have_a_file_each(self, make_model_viewer, tmp_path) -> None:
        (tmp_path / "cells.tif").write_bytes(b"")
        identity = SessionData(image=image_for(blobs(), tmp_path))
        write_session(tmp_path / "cells.tif.seem", identity)
        clock = Clock()
        annotator = opened(
            make_model_viewer(), 255 - blobs(), clock=clock, path=tmp_path / "cells.tif"
        )
        click(annotator, (5.0, 5.0))
        clock.tick()
        assert image_of(tmp_path / "cells.tif.seem") == identity.image
        assert len(list(tmp_path.glob("cells.tif-*.seem"))) == 1


def image_for(pixels, folder):
    from napari_seem.identity import digest_of
    from napari_seem.session_data import ImageIdentity

    path = str(folder / "cells.tif")
    return ImageIdentity("cells", path, pixels.shape, "uint8", digest_of(pixels, 2))
