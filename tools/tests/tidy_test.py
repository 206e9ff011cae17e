"""Each rule of tools/tidy.py finds what it is for, and passes what is right."""

from __future__ import annotations

import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import tidy  # noqa: E402
from tidy_tree import Tree  # noqa: E402

CHANGELOG = "# Changelog\n\n## Unreleased\n\n### Added\n\n- Engine: reads files.\n"


class TidyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def tree(self, files: dict[str, str]) -> Tree:
        files = {"CHANGELOG.md": CHANGELOG, **files}
        for path, text in files.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        return Tree(self.root, list(files))

    def rules_broken(self, files: dict[str, str], build: pathlib.Path | None = None) -> list[str]:
        return [finding.rule for finding in tidy.check(self.tree(files), build=build)]

    def assert_breaks(self, rule: str, path: str, text: str, **more: str):
        self.assertEqual([rule], self.rules_broken({path: text, **more}), f"{path}: {text}")

    def assert_passes(self, path: str, text: str, **more: str):
        self.assertEqual([], self.rules_broken({path: text, **more}), f"{path}: {text}")


class IncludeDirectionTest(TidyTest):
    def test_finds_an_include_upwards(self):
        for layer, header in (
            ("base", "runtime/queue.h"),
            ("io", "columnar/batch.h"),
            ("engine", "codecs/csv.h"),
            ("codecs", "connectors/file.h"),
            ("functions", "operators/filter.h"),
            ("sql", "functions/math.h"),
            ("sql", "job/job.h"),
            ("marc", "columnar/batch.h"),
        ):
            self.assert_breaks("include-direction", f"src/{layer}/x.cc", f'#include "{header}"\n')

    def test_passes_an_include_downwards(self):
        for layer, header in (
            ("runtime", "base/check.h"),
            ("codecs", "marc/record.h"),
            ("connectors", "archive/reader.h"),
            ("job", "sql/parser.h"),
            ("base", "thalweg/status.h"),
        ):
            self.assert_passes(f"src/{layer}/x.cc", f'#include "{header}"\n')

    def test_keeps_arrow_out_of_the_lower_layers_and_of_everything_outside(self):
        for path in ("src/io/x.cc", "src/archive/x.cc", "apps/thalweg/x.cc", "examples/x.cc"):
            self.assert_breaks("include-direction", path, "#include <arrow/api.h>\n")
        self.assert_passes("src/columnar/x.cc", "#include <arrow/api.h>\n")

    def test_lets_only_tests_include_what_tests_share(self):
        self.assert_breaks("include-direction", "src/io/x.cc", '#include "testing/clock.h"\n')
        self.assert_passes("src/io/x_test.cc", '#include "testing/clock.h"\n')

    def test_lets_programs_include_public_headers_and_their_own(self):
        files = {
            "include/thalweg/run.h": "#pragma once\n",
            "apps/thalweg/flags.h": "#pragma once\n",
            "apps/thalweg/main.cc": '#include "thalweg/run.h"\n#include "flags.h"\n',
            "apps/thalweg/run.cc": '#include "thalweg/flags.h"\n',
        }
        self.assertEqual([], self.rules_broken(files))
        self.assert_breaks("include-direction", "apps/thalweg/x.cc", '#include "engine/codec.h"\n')

    def test_finds_a_folder_that_is_no_layer(self):
        self.assert_breaks("include-direction", "src/glue/x.cc", '#include "base/check.h"\n')


class HeaderTest(TidyTest):
    def test_finds_a_third_party_in_a_public_header(self):
        for include in ("<fmt/format.h>", "<arrow/api.h>", '"base/check.h"', "<zstd.h>"):
            text = f"#pragma once\n#include {include}\n"
            self.assert_breaks("public-header", "include/thalweg/x.h", text)
        text = '#pragma once\n#include <vector>\n#include <stdint.h>\n#include "thalweg/y.h"\n'
        self.assert_passes("include/thalweg/x.h", text)

    def test_finds_a_header_without_pragma_once(self):
        self.assert_breaks("pragma-once", "src/base/x.h", "int X();\n")


class ComponentTest(TidyTest):
    REGISTER = "void Register(engine::Registry& registry) {\n}\n"

    def test_finds_a_component_without_a_test(self):
        self.assert_breaks("component-test", "src/codecs/x.cc", self.REGISTER)

    def test_passes_a_component_with_a_test_and_a_file_that_registers_nothing(self):
        self.assert_passes("src/codecs/x.cc", self.REGISTER, **{"src/codecs/x_test.cc": ""})
        self.assert_passes("src/codecs/parts.cc", "int Parts();\n")

    def test_takes_the_test_of_a_family_for_a_test_of_its_members(self):
        self.assert_passes("src/codecs/x_y.cc", self.REGISTER, **{"src/codecs/x_test.cc": ""})
        more = {"src/codecs/xy_test.cc": ""}
        self.assert_breaks("component-test", "src/codecs/x_y.cc", self.REGISTER, **more)


class BudgetTest(TidyTest):
    def test_finds_a_long_line(self):
        self.assert_breaks("line-length", "src/base/x.cc", "// " + "x" * 98 + "\n")
        self.assert_passes("src/base/x.cc", "// " + "x" * 97 + "\n")
        self.assert_passes("src/base/x.cc", "// https://" + "x" * 120 + "\n")

    def test_finds_a_long_file(self):
        self.assert_breaks("file-length", "src/base/x.cc", "int x;\n" * 501)
        self.assert_passes("src/base/x.cc", "int x;\n" * 500)

    def test_finds_a_long_function(self):
        for head, indent in (("int X() {", ""), ("template <class T>\nint X(\n    T t) {", "")):
            body = f"{head}\n" + f"{indent}  ++x;\n" * 70 + f"{indent}}}\n"
            self.assert_breaks("function-length", "src/base/x.cc", body)
        self.assert_passes("src/base/x.cc", "int X() {\n" + "  ++x;\n" * 68 + "}\n")

    def test_finds_a_long_method_but_not_a_long_class(self):
        method = "  int X() {\n" + "    ++x;\n" * 70 + "  }\n"
        text = "#pragma once\nclass X {\n public:\n" + method + "};\n"
        self.assert_breaks("function-length", "src/base/x.h", text)
        self.assert_passes("src/base/x.h", "#pragma once\nclass X {\n" + "  int x;\n" * 80 + "};\n")
        names = "namespace x {\n" + "int x;\n" * 80 + "}\n"
        self.assert_passes("src/base/x.cc", names)

    def test_finds_a_long_python_function(self):
        self.assert_breaks("function-length", "tools/x.py", "def x():\n" + "    pass\n" * 70)


class BannedTest(TidyTest):
    def test_finds_each_banned_name(self):
        for code in (
            "std::cout << 1;",
            "std::cerr << 1;",
            "#include <iostream>",
            "std::thread t;",
            "std::jthread t;",
            "std::async(f);",
            "using namespace std;",
            "std::regex r;",
            "#include <regex>",
            "std::exit(1);",
            "abort();",
            "srand(1);",
            "worker.detach();",
        ):
            self.assert_breaks("banned", "src/base/x.cc", code + "\n")

    def test_passes_them_where_they_belong(self):
        self.assert_passes("apps/thalweg/x.cc", "std::cerr << 1;\nstd::exit(1);\n")
        self.assert_passes("src/runtime/executor.cc", "std::jthread t;\n")
        self.assert_passes("src/runtime/queue_test.cc", "std::thread t;\n")
        self.assert_passes("src/base/x.cc", "// std::thread is made elsewhere\n")
        self.assert_passes("src/base/x.cc", "std::thread::hardware_concurrency();\n")
        self.assert_passes("src/base/x.cc", "using namespace std::string_view_literals;\n")

    def test_finds_a_name_that_says_nothing(self):
        for path in ("src/base/string_utils.cc", "src/base/util/x.cc", "tools/helpers.py"):
            self.assert_breaks("file-name", path, "\n")


class DisabledTestTest(TidyTest):
    def test_finds_tests_that_do_not_run(self):
        for path, text in (
            ("src/base/x_test.cc", "// TEST(X, Y) {\n"),
            ("src/base/x_test.cc", "TEST(X, DISABLED_Y) {\n"),
            ("src/base/x_test.cc", "#if 0\n"),
            ("python/tests/test_x.py", "# def test_x():\n"),
            ("CMakeLists.txt", "# add_test(NAME x)\n"),
        ):
            self.assert_breaks("disabled-test", path, text)
        self.assert_passes("src/base/x_test.cc", "TEST(X, Y) {\n")


class PageTest(TidyTest):
    def test_finds_a_changelog_out_of_shape(self):
        for text in ("## next\n", "### News\n", "- no area\n", "- Engine: no full stop\n"):
            self.assert_breaks("changelog", "CHANGELOG.md", "# Changelog\n\n" + text)
        long = "- Engine: reads files\n  of many kinds.\n- **Breaking** Archive: renamed.\n"
        self.assert_passes("CHANGELOG.md", "# Changelog\n\n## 1.0.0 (2026-01-31)\n\n" + long)

    def test_wants_a_changelog(self):
        tree = Tree(self.root, [])
        self.assertEqual(["changelog"], [finding.rule for finding in tidy.check(tree)])

    def test_finds_a_page_with_two_titles_or_none(self):
        self.assert_breaks("page-title", "docs/x.md", "# A\n\n# B\n")
        self.assert_breaks("page-title", "docs/x.md", "text\n")
        self.assert_passes("docs/x.md", "# A\n\n```sh\n# a comment\n```\n")


class AllowedTest(TidyTest):
    LONG = {"src/base/x.cc": "int x;\n" * 501}

    def test_lets_a_finding_stay_that_has_a_reason(self):
        allow = {tidy.ALLOWED: "# reasons\nfile-length src/base/x.cc: one table.\n"}
        self.assertEqual([], self.rules_broken({**self.LONG, **allow}))

    def test_wants_a_reason(self):
        with self.assertRaises(SystemExit):
            self.rules_broken({**self.LONG, tidy.ALLOWED: "file-length src/base/x.cc\n"})

    def test_finds_what_is_allowed_for_nothing(self):
        self.assert_breaks("allowed", tidy.ALLOWED, "file-length src/base/x.cc: one table.\n")


class BuildTest(TidyTest):
    def build(self, sources: list[str]) -> pathlib.Path:
        build = self.root / "build"
        build.mkdir(exist_ok=True)
        (build / "CMakeCache.txt").write_text("CMAKE_CXX_COMPILER:FILEPATH=c++\n")
        commands = [{"directory": str(build), "file": f"../{source}"} for source in sources]
        (build / "compile_commands.json").write_text(json.dumps(commands))
        return build

    def test_finds_a_public_header_that_needs_another_before_it(self):
        files = {"include/thalweg/x.h": "#pragma once\nstd::string X();\n"}
        [finding] = tidy.check(self.tree(files), build=self.build([]))
        self.assertEqual("stands-alone", finding.rule)
        self.assertIn("std", finding.message)
        files = {"include/thalweg/x.h": "#pragma once\n#include <string>\nstd::string X();\n"}
        self.assertEqual([], self.rules_broken(files, self.build([])))

    def test_finds_a_source_that_no_target_compiles(self):
        files = {"src/base/x.cc": "\n", "src/base/y.cc": "\n"}
        self.assertEqual(["in-a-target"], self.rules_broken(files, self.build(["src/base/x.cc"])))
        both = self.build(["src/base/x.cc", "src/base/y.cc"])
        self.assertEqual([], self.rules_broken(files, both))


if __name__ == "__main__":
    unittest.main()
