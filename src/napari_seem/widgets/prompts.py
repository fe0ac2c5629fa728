"""Image, tools, sign and text: everything that makes a prompt."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from qtpy.QtWidgets import QSizePolicy as Policy

from napari_seem.desk import desk_for
from napari_seem.layers import COLORS
from napari_seem.marks import NEGATIVE, POSITIVE
from napari_seem.target import Tool

if TYPE_CHECKING:
    from napari_seem.annotator import Annotator
    from napari_seem.conflicts import Plan

TOOL_STYLE = (
    "QPushButton { padding: 3px; } QPushButton:checked { background: #5b6ee1; color: white; }"
)
TIPS = {
    Tool.CLICK: "Click on the object; click again where the answer is wrong.",
    Tool.BOX: "Drag a rectangle around the object; the object is somewhere inside.",
    Tool.POLYGON: "Draw an outline; what is inside belongs to the object.",
    Tool.ELLIPSE: "Drag an ellipse; what is inside belongs to the object.",
    Tool.STROKE: "Draw a line along the object; its width is that of the Shapes layer.",
    Tool.PAINT: "Paint on the object with the brush of the Labels layer (1 = belongs, 2 = not).",
}
SIGN_TIP = "Whether the next mark belongs to the object."
TEXT_TIP = (
    "Words for the thing, then Enter. Words and marks work together; "
    "an empty line and Enter takes the words back."
)


class ImageChoice(QComboBox):
    """The image layer to annotate.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self.setToolTip("Image layer to work on. Each keeps its own marks and objects.")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(self._choose)

    def refresh(self) -> None:
        """Show the image layers of the moment."""
        images, chosen = self._annotator.focus.images, self._annotator.focus.image
        names = [image.name for image in images] or ["no image open"]
        if names != [self.itemText(k) for k in range(self.count())]:
            self.clear()
            self.addItems(names)
        self.setEnabled(bool(images))
        index = next((k for k, x in enumerate(images) if x is chosen), 0)
        if index != self.currentIndex():
            self.setCurrentIndex(index)

    def _choose(self, index: int) -> None:
        images = self._annotator.focus.images
        if index < len(images):
            self._annotator.focus.choose(images[index])


class PromptView(QWidget):
    """Tools, sign and text.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self._shown = ""
        self._plan: Plan | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        grid = QGridLayout()
        grid.setSpacing(3)
        self.tools: dict[Tool, QPushButton] = {}
        for k, tool in enumerate(Tool):
            button = QPushButton(tool.value)
            button.setStyleSheet(TOOL_STYLE)
            button.setCheckable(True)
            button.setSizePolicy(Policy.Policy.Expanding, Policy.Policy.Fixed)
            button.clicked.connect(partial(self._use, tool))
            grid.addWidget(button, k // 3, k % 3)
            self.tools[tool] = button
        box.addLayout(grid)
        self.sign = QPushButton()
        self.sign.clicked.connect(self._toggle)
        box.addWidget(self.sign)
        self.text = QLineEdit()
        self.text.setPlaceholderText("or name it: the red cup ⏎")
        self.text.setClearButtonEnabled(True)
        self.text.returnPressed.connect(self._apply_text)
        box.addWidget(self.text)

    def refresh(self) -> None:
        """Show tool, sign and text of the moment."""
        a = self._annotator
        for tool, button in self.tools.items():
            button.setChecked(tool is a.tool)
            button.setEnabled(a.focus.plane is not None)
        plan = desk_for(a).plan
        if plan != self._plan:
            self._plan = plan
            self._name_keys(plan)
        words = "+ belongs to the object" if a.positive else "− does not belong to it"
        key = plan.text("toggle_sign")
        self.sign.setText(f"{words}   [{key}]" if key else words)
        line = "or name it: the red cup ⏎" if a.positive else "or say what it is not: the spoon ⏎"
        self.text.setPlaceholderText(line)
        color = COLORS[POSITIVE if a.positive else NEGATIVE]
        style = f"QPushButton {{ background: {color}; color: black; font-weight: bold; }}"
        if self.sign.styleSheet() != style:
            self.sign.setStyleSheet(style)
        if a.text != self._shown:
            self._shown = a.text
            self.text.setText(a.text)

    def _name_keys(self, plan: Plan) -> None:
        tips: list[tuple[QWidget, str, str]] = [
            (button, TIPS[t], f"use_{t.name.lower()}") for t, button in self.tools.items()
        ]
        tips += [(self.sign, SIGN_TIP, "toggle_sign"), (self.text, TEXT_TIP, "type_words")]
        for control, tip, action in tips:
            key = plan.text(action)
            control.setToolTip(f"{tip} Key {key}." if key else tip)

    def _use(self, tool: Tool) -> None:
        self._annotator.use(tool)
        self.refresh()

    def _toggle(self) -> None:
        self._annotator.set_positive(not self._annotator.positive)

    def _apply_text(self) -> None:
        text = self.text.text()
        if self._annotator.positive:
            self._annotator.set_text(text)
            return
        # words of the other sign are in the list of prompts; the line is for what is wanted
        self._annotator.asking.name(text, positive=False)
        self._shown = self._annotator.text
        self.text.setText(self._shown)
