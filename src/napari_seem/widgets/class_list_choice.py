"""One row: the class list that is shown, and ways to begin, open and save one."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QPushButton, QWidget

from seem_model.class_list_files import built_in, read_class_list, write_class_list
from seem_model.class_lists import ClassList
from seem_model.errors import ClassListError

FILES = "Class lists (*.json *.txt *.csv);;All files (*)"
EMPTY = ClassList("My classes")


class ClassListChoice(QWidget):
    """Menu of the built-in lists and the one on display, with files."""

    picked = Signal(object)
    """Emitted with the ClassList that a person picked, began or opened."""
    told = Signal(str)
    """Emitted with what became of a file, in a sentence."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = EMPTY
        self.menu = QComboBox()
        self.menu.setToolTip("The class list: one that is built in, or your own.")
        self.menu.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.menu.activated.connect(self._pick)
        self.new = QPushButton("New")
        self.new.setToolTip("Begin an empty list of your own.")
        self.new.clicked.connect(self._begin)
        self.open = QPushButton("Open…")
        self.open.setToolTip("Open a list: .json, or text with a name on each line.")
        self.open.clicked.connect(self._ask_what_to_open)
        self.save = QPushButton("Save as…")
        self.save.setToolTip("Save this list as a .json file.")
        self.save.clicked.connect(self._ask_where_to_save)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.menu, 1)
        for button in (self.new, self.open, self.save):
            row.addWidget(button)

    def show_list(self, class_list: ClassList) -> None:
        """Show which list is on display; one that is not built in comes last in the menu."""
        self._shown = class_list
        offered = self._offered()
        self.menu.clear()
        self.menu.addItems([known.title for known in offered])
        self.menu.setCurrentIndex(offered.index(class_list))

    def open_file(self, path: str) -> None:
        """Pick the list in a file, or tell why that is not possible."""
        try:
            self.picked.emit(read_class_list(path))
        except ClassListError as error:
            self.told.emit(str(error))

    def save_file(self, path: str) -> None:
        """Write the list on display as JSON, or tell why that is not possible."""
        where = path if path.lower().endswith(".json") else f"{path}.json"
        try:
            write_class_list(where, self._shown)
        except ClassListError as error:
            self.told.emit(str(error))
        else:
            self.told.emit(f"Saved “{self._shown.title}” in {where}.")

    def _offered(self) -> list[ClassList]:
        known = list(built_in())
        return known if self._shown in known else [*known, self._shown]

    def _pick(self, index: int) -> None:
        self.picked.emit(self._offered()[index])

    def _begin(self) -> None:
        self.picked.emit(EMPTY)

    def _ask_what_to_open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a class list", "", FILES)
        if path:
            self.open_file(path)

    def _ask_where_to_save(self) -> None:
        title = "".join(sign for sign in self._shown.title if sign.isalnum() or sign in " -_()")
        start = f"{title}.json"
        path, _ = QFileDialog.getSaveFileName(self, "Save the class list", start, "JSON (*.json)")
        if path:
            self.save_file(path)
