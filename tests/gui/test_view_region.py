"""The part of an image in view, against what the canvas itself says about its pixels."""

from __future__ import annotations

import numpy as np
import pytest

from napari_seem.plane import Grid
from napari_seem.view_region import ViewError, visible_box

pytestmark = pytest.mark.gui
SIZE = (300, 400)


def box_of(viewer, layer) -> tuple[slice, slice]:
    grid = Grid.of(layer, viewer.dims)
    return visible_box(viewer, grid, grid.plane(viewer.dims))


def on_screen(robot, layer, axes) -> tuple[slice, slice]:
    """By brute force: the pixels that points all over the real canvas fall on."""
    view = robot.canvas.view
    width, height = view.rect.size
    ends = [np.linspace(0, end - 1e-3, 161) for end in (height, width)]
    places = np.stack(np.meshgrid(*ends, indexing="ij"), -1).reshape(-1, 2)
    to_world = view.transform * view.scene.transform
    world = to_world.imap(np.c_[places[:, ::-1], np.zeros(len(places))])[:, :2][:, ::-1]
    full = np.tile(np.asarray(robot.viewer.dims.point, float), (len(world), 1))
    full[:, list(robot.viewer.dims.displayed)] = world
    origin, *units = (layer.world_to_data(p) for p in np.eye(layer.ndim + 1, layer.ndim, -1))
    data = (origin + full[:, -layer.ndim :] @ (np.array(units) - origin))[:, axes]
    pixels = np.round(data).astype(int)
    shape = np.asarray(layer.data.shape)[list(axes)]
    pixels = pixels[((pixels >= 0) & (pixels < shape)).all(axis=1)]
    return tuple(slice(a, b + 1) for a, b in zip(pixels.min(0), pixels.max(0), strict=True))


def close(box, other, tolerance: int = 3) -> bool:
    ends = [(a.start, a.stop) for a in box], [(a.start, a.stop) for a in other]
    return bool(np.abs(np.subtract(*ends)).max() <= tolerance)


PLACES = {
    "scaled": {"scale": (0.5, 0.25), "translate": (30, -70)},
    "rotated": {"rotate": 30},
    "flipped and sheared": {"scale": (-2, 3), "shear": [0.3], "translate": (10, 10)},
    "affine": {"affine": [[0, 1.5, 4], [-2, 0, 9], [0, 0, 1]]},
}


def test_it_is_what_the_canvas_shows(make_robot, qtbot) -> None:
    robot = make_robot()
    viewer, camera = robot.viewer, robot.viewer.scene.camera
    for name, place in PLACES.items():
        viewer.layers.clear()
        layer = viewer.add_image(np.zeros(SIZE, np.uint8), **place)
        viewer.reset_view()
        assert box_of(viewer, layer) == np.s_[0:300, 0:400], name
        whole = camera.zoom
        camera.center = layer.data_to_world((180, 90))
        for zoom in (6, 2):
            camera.zoom = zoom * whole
            qtbot.wait(30)
            box = box_of(viewer, layer)
            assert close(box, on_screen(robot, layer, (0, 1))), (name, zoom)
        camera.zoom = 6 * whole
        box = box_of(viewer, layer)
        assert box[0].start <= 180 < box[0].stop <= 290, name
        assert box[1].start <= 90 < box[1].stop <= 300, name


def test_transposed_slices_of_a_stack_and_a_resized_window(make_robot, qtbot) -> None:
    robot = make_robot(np.zeros((40, 300, 400), np.uint8), scale=(4, 1, 1))
    viewer, [layer] = robot.viewer, robot.viewer.layers
    for order, axes in (((0, 2, 1), (1, 2)), ((1, 2, 0), (0, 2)), ((2, 0, 1), (0, 1))):
        viewer.dims.order = order
        viewer.reset_view()
        viewer.scene.camera.zoom *= 5
        qtbot.wait(30)
        assert close(box_of(viewer, layer), on_screen(robot, layer, axes))
    viewer.dims.order = (0, 1, 2)
    viewer.scene.camera.zoom = 5
    qtbot.wait(30)
    before = box_of(viewer, layer)
    viewer.window.resize(700, 500)
    qtbot.waitUntil(lambda: box_of(viewer, layer) != before, timeout=3000)
    qtbot.wait(50)
    assert close(box_of(viewer, layer), on_screen(robot, layer, (1, 2)))


def test_the_level_of_a_multiscale_image_that_is_annotated(make_robot, qtbot) -> None:
    full = np.zeros((9000, 6000), np.uint8)
    robot = make_robot([full, full[::2, ::2], full[::4, ::4]], multiscale=True)
    viewer, [layer] = robot.viewer, robot.viewer.layers
    viewer.scene.camera.center = (4000, 2000)
    viewer.scene.camera.zoom = 1
    qtbot.wait(30)
    rows, cols = box_of(viewer, layer)  # level 2
    height, width = robot.canvas.view.rect.size[::-1]
    assert abs(rows.start - (4000 - height / 2) / 4) <= 2
    assert abs(rows.stop - (4000 + height / 2) / 4) <= 2
    assert abs(cols.start - (2000 - width / 2) / 4) <= 2


def test_out_of_view_is_told_even_if_only_boxes_would_meet(make_robot, qtbot) -> None:
    robot = make_robot(np.zeros(SIZE, np.uint8), rotate=45)
    viewer, [layer] = robot.viewer, robot.viewer.layers
    corner = np.asarray(layer.data_to_world((0, 0)), float)
    viewer.scene.camera.zoom = 20
    viewer.scene.camera.center = corner - np.array([0, 100])
    qtbot.wait(30)
    with pytest.raises(ViewError, match="press the Home button"):
        box_of(viewer, layer)
    viewer.reset_view()
    assert box_of(viewer, layer) == np.s_[0:300, 0:400]


def test_side_by_side_each_image_has_its_part_of_the_canvas(make_robot, qtbot) -> None:
    robot = make_robot(np.zeros(SIZE, np.uint8))
    viewer = robot.viewer
    second = viewer.add_image(np.zeros(SIZE, np.uint8))
    viewer.canvas.grid.enabled = True
    viewer.scene.camera.center = (150, 200)
    viewer.scene.camera.zoom = 4
    qtbot.wait(50)
    width, height = robot.canvas.grid_views[0].rect.size
    rows, cols = box_of(viewer, second)
    assert abs(cols.stop - cols.start - width / 4) <= 6
    assert abs(rows.stop - rows.start - height / 4) <= 6
