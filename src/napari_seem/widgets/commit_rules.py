"""The rules of committing as a small form; it shows rules and tells of changes, and keeps none."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QSpinBox,
    QWidget,
)

from napari_seem.commit_rules import CommitRules, Overlap

TIPS = {
    Overlap.KEEP: "pixels that belong to earlier objects stay theirs.",
    Overlap.OVERWRITE: "the new object takes pixels from earlier ones.",
    Overlap.SUBTRACT: "the mask is erased from earlier objects; no new object is made.",
    Overlap.MERGE: "the mask joins the earlier object that it overlaps most; where there is none, "
    "it becomes a new object.",
}


class RulesView(QWidget):
    """Compact form for :class:`~napari_seem.commit_rules.CommitRules`."""

    changed = Signal(object)
    """Emitted with the new rules when the person changes one."""

    def __init__(self) -> None:
        super().__init__()
        self.overlap = QComboBox()
        for overlap in Overlap:
            self.overlap.addItem(_capital(overlap.value))
        self.overlap.setToolTip(
            "Where the mask covers earlier objects.\n"
            + "\n".join(f"{_capital(o.value)}: {TIPS[o]}" for o in Overlap)
        )
        self.split = QCheckBox("Split parts")
        self.split.setToolTip(
            "Each part that touches no other becomes an object of its own "
            "(parts that touch at a corner are one)."
        )
        self.fill_holes = QCheckBox("Fill holes")
        self.fill_holes.setToolTip(
            "Holes become part of the object; what is open to the edge of the image is no hole."
        )
        self.drop_specks = QSpinBox()
        self.drop_specks.setToolTip(
            "Parts of fewer pixels than this are left out of the object; 0 keeps all."
        )
        self.smallest = QSpinBox()
        self.smallest.setToolTip("Objects of fewer pixels than this are not made; 0 makes all.")
        self.smooth = QDoubleSpinBox()
        self.smooth.setToolTip(
            "Rounds the outline with a disc of this radius: spikes and notches narrower than it "
            "go, straight edges and round objects stay. Below 1 px nothing happens."
        )
        for box, most in ((self.drop_specks, 100_000), (self.smallest, 1_000_000)):
            box.setRange(0, most)
            _plain(box)
        self.smooth.setRange(0, 50)
        self.smooth.setDecimals(1)
        self.smooth.setSingleStep(0.5)
        _plain(self.smooth)
        for number in (self.drop_specks, self.smallest, self.smooth):
            number.setSuffix(" px")
            number.setSpecialValueText("off")
            number.valueChanged.connect(self._tell)
        for check in (self.split, self.fill_holes):
            check.toggled.connect(self._tell)
        self.overlap.currentIndexChanged.connect(self._tell)
        self._lay_out()

    @property
    def rules(self) -> CommitRules:
        """What the form says now."""
        return CommitRules(
            overlap=tuple(Overlap)[self.overlap.currentIndex()],
            split=self.split.isChecked(),
            fill_holes=self.fill_holes.isChecked(),
            drop_specks=self.drop_specks.value(),
            smallest=self.smallest.value(),
            smooth=self.smooth.value(),
        )

    def show_rules(self, rules: CommitRules) -> None:
        """Show these rules; nothing is emitted.

        The smoothing radius is shown, and then given, to a tenth of a pixel.
        """
        with QSignalBlocker(self):
            self.overlap.setCurrentIndex(tuple(Overlap).index(rules.overlap))
            self.split.setChecked(rules.split)
            self.fill_holes.setChecked(rules.fill_holes)
            self.drop_specks.setValue(rules.drop_specks)
            self.smallest.setValue(rules.smallest)
            self.smooth.setValue(rules.smooth)

    def _tell(self) -> None:
        self.changed.emit(self.rules)

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(4)
        checks = QHBoxLayout()
        checks.addWidget(self.split)
        checks.addWidget(self.fill_holes)
        checks.addStretch(1)
        form.addRow("Overlap", self.overlap)
        form.addRow("Mask", checks)
        form.addRow("Smooth", self.smooth)
        form.addRow("Drop specks under", self.drop_specks)
        form.addRow("Drop objects under", self.smallest)
        tips = (self.overlap, self.split, self.smooth, self.drop_specks, self.smallest)
        for row, control in enumerate(tips):
            label = form.itemAt(row, QFormLayout.ItemRole.LabelRole)
            words = None if label is None else label.widget()
            if words is not None:
                words.setToolTip(control.toolTip())


def _plain(box: QAbstractSpinBox) -> None:
    box.setKeyboardTracking(False)  # a number is told when it is complete
    box.setCorrectionMode(QAbstractSpinBox.CorrectionMode.CorrectToNearestValue)


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
