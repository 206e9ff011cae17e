"""The edits of tools/elf.py, made on a library that is compiled here and then loaded."""

from __future__ import annotations

import ctypes
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import elf  # noqa: E402

# Two libraries that export the same names. `which` asks for the name through the loader.
SOURCE = """
extern "C" int name() { return %d; }
extern "C" int which() { return name(); }
struct Table { static inline int value = %d; };
extern "C" int table() { return Table::value; }
"""


@unittest.skipUnless(shutil.which("c++"), "needs a compiler")
class ElfTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def library(self, number: int) -> pathlib.Path:
        source = self.root / f"l{number}.cc"
        source.write_text(SOURCE % (number, number))
        library = self.root / f"l{number}.so"
        subprocess.run(["c++", "-std=c++20", "-shared", "-fPIC", "-O0", "-o", library, source],
                       check=True)
        return library

    def answers(self, *libraries: pathlib.Path) -> list[int]:
        """What the last library answers when the others are global in a process of its own."""
        program = ("import ctypes, sys\n"
                   "for path in sys.argv[1:]: last = ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)\n"
                   "print(last.which(), last.table())")
        said = subprocess.run([sys.executable, "-c", program, *libraries], check=True,
                              capture_output=True, text=True).stdout
        return [int(part) for part in said.split()]

    def test_a_symbolic_library_keeps_to_its_own_symbols(self):
        first, second = self.library(1), self.library(2)
        self.assertEqual(1, self.answers(first, second)[0])
        image = elf.SharedLibrary.read(second)
        self.assertTrue(image.make_symbolic())
        self.assertFalse(image.make_symbolic())
        image.write(second)
        self.assertEqual(2, self.answers(first, second)[0])

    def test_a_weakened_symbol_is_no_longer_one_for_the_process(self):
        first, second = self.library(1), self.library(2)
        self.assertEqual(1, self.answers(first, second)[1])
        image = elf.SharedLibrary.read(second)
        self.assertGreater(image.weaken_unique_symbols(), 0)
        self.assertEqual(0, image.weaken_unique_symbols())
        image.make_symbolic()
        image.write(second)
        self.assertEqual([2, 2], self.answers(first, second))

    def test_an_edited_library_still_links_and_loads(self):
        library = self.library(3)
        image = elf.SharedLibrary.read(library)
        image.make_symbolic()
        image.weaken_unique_symbols()
        image.write(library)
        self.assertEqual(3, ctypes.CDLL(str(library)).which())

    def test_refuses_what_is_no_library(self):
        whole = self.library(4).read_bytes()
        for data in (b"", b"\x7fELF", b"#!/bin/sh\n" * 20, whole[:4] + b"\x01" + whole[5:]):
            with self.assertRaises(elf.ElfError):
                elf.SharedLibrary(data)
        with self.assertRaises(elf.ElfError):
            elf.SharedLibrary(whole[:200]).make_symbolic()


if __name__ == "__main__":
    unittest.main()
