#include "job/job_file.h"

// Its parser calls itself for each level.
#define TOML_MAX_NESTED_VALUES 32
#include <toml++/toml.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

namespace thalweg::job {
namespace {

constexpr int kDepthMax = 32;

Node Scalar(OptionValue value) {
  Node node;
  node.value = std::move(value);
  return node;
}
Node Table() {
  Node node;
  node.is_table = true;
  return node;
}

Status TooDeep() { return Status::InvalidArgument("tables nest deeper than 32"); }

Result<Node> FromToml(const toml::node& value, int depth) {
  if (depth > kDepthMax) return TooDeep();
  if (const auto* table = value.as_table()) {
    Node node = Table();
    for (const auto& [key, child] : *table) {
      THALWEG_ASSIGN_OR_RETURN(node.keys[std::string(key.str())], FromToml(child, depth + 1));
    }
    return node;
  }
  if (const auto* array = value.as_array()) {
    std::vector<std::string> texts;
    for (const auto& item : *array) {
      const auto text = item.value<std::string>();
      if (!text) return Status::InvalidArgument("lists hold texts only");
      texts.push_back(*text);
    }
    return Scalar(std::move(texts));
  }
  if (const auto* text = value.as_string()) return Scalar(text->get());
  if (const auto* integer = value.as_integer()) return Scalar(integer->get());
  if (const auto* real = value.as_floating_point()) return Scalar(real->get());
  if (const auto* flag = value.as_boolean()) return Scalar(flag->get());
  std::ostringstream text;
  value.visit([&](const auto& v) { text << v; });
  return Scalar(text.str());
}

Result<Node> FromJson(const nlohmann::json& value, int depth) {
  if (depth > kDepthMax) return TooDeep();
  if (value.is_object()) {
    Node node = Table();
    for (const auto& [key, child] : value.items()) {
      THALWEG_ASSIGN_OR_RETURN(node.keys[key], FromJson(child, depth + 1));
    }
    return node;
  }
  if (value.is_array()) {
    std::vector<std::string> texts;
    for (const auto& item : value) {
      if (!item.is_string()) return Status::InvalidArgument("lists hold texts only");
      texts.push_back(item.get<std::string>());
    }
    return Scalar(std::move(texts));
  }
  if (value.is_string()) return Scalar(value.get<std::string>());
  if (value.is_boolean()) return Scalar(value.get<bool>());
  if (value.is_number_integer()) return Scalar(value.get<int64_t>());
  if (value.is_number()) return Scalar(value.get<double>());
  return Scalar(std::monostate());
}

Result<Node> FromYaml(const YAML::Node& value, int depth) {
  if (depth > kDepthMax) return TooDeep();
  if (value.IsMap()) {
    Node node = Table();
    for (const auto& pair : value) {
      THALWEG_ASSIGN_OR_RETURN(node.keys[pair.first.as<std::string>()],
                               FromYaml(pair.second, depth + 1));
    }
    return node;
  }
  if (value.IsSequence()) {
    std::vector<std::string> texts;
    for (const auto& item : value) {
      if (!item.IsScalar()) return Status::InvalidArgument("lists hold texts only");
      texts.push_back(item.as<std::string>());
    }
    return Scalar(std::move(texts));
  }
  if (!value.IsScalar()) return Scalar(std::monostate());
  // A quoted scalar is a text; a plain one has the type that it looks like (YAML 1.2 core schema).
  const std::string text = value.Scalar();
  if (value.Tag() == "!") return Scalar(text);
  if (text == "true" || text == "false") return Scalar(text == "true");
  if (text == "null" || text == "~" || text.empty()) return Scalar(std::monostate());
  const char* end = text.data() + text.size();
  int64_t integer = 0;
  if (auto [at, error] = std::from_chars(text.data(), end, integer);
      error == std::errc() && at == end) {
    return Scalar(integer);
  }
  double real = 0;
  if (auto [at, error] = std::from_chars(text.data(), end, real);
      error == std::errc() && at == end) {
    return Scalar(real);
  }
  return Scalar(text);
}

// The parsers throw; this is the one place that catches them.
Result<Node> Parse(std::string_view text, std::string_view format) {
  try {
    if (format == "toml") return FromToml(toml::parse(text), 0);
    if (format == "json") return FromJson(nlohmann::json::parse(text), 0);
    return FromYaml(YAML::Load(std::string(text)), 0);
  } catch (const toml::parse_error& error) {
    const auto begin = error.source().begin;
    return Status::InvalidArgument("line " + std::to_string(begin.line) + ", column " +
                                   std::to_string(begin.column) + ": " +
                                   std::string(error.description()));
  } catch (const YAML::Exception& error) {
    return Status::InvalidArgument("line " + std::to_string(error.mark.line + 1) + ": " +
                                   error.msg);
  } catch (const std::exception& error) {
    return Status::InvalidArgument(error.what());
  }
}

Result<std::string> Filled(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 >= text.size()) {
      out.push_back(text[i]);
      continue;
    }
    if (text[i + 1] == '$') {
      out.push_back('$');
      ++i;
      continue;
    }
    if (text[i + 1] != '{') {
      out.push_back('$');
      continue;
    }
    const size_t end = text.find('}', i);
    if (end == std::string::npos) return Status::InvalidArgument("'${' without '}'");
    const std::string inside = text.substr(i + 2, end - i - 2);
    const size_t colon = inside.find(':');
    const std::string name = inside.substr(0, colon);
    const char* value = std::getenv(name.c_str());
    if (value != nullptr && *value != '\0') {
      out += value;
    } else if (colon != std::string::npos && inside.compare(colon, 2, ":-") == 0) {
      out += inside.substr(colon + 2);
    } else if (colon != std::string::npos && inside.compare(colon, 2, ":?") == 0) {
      return Status::InvalidArgument(name + ": " + inside.substr(colon + 2));
    } else if (value == nullptr) {
      return Status::InvalidArgument("environment variable '" + name + "' is not set");
    }
    i = end;
  }
  return out;
}

}  // namespace

Result<Node> ReadJobText(std::string_view text, std::string_view format, std::string_view path) {
  auto node = Parse(text, format);
  if (!node.ok()) return node.status().WithContext(path);
  if (!node->is_table) return Status::InvalidArgument(std::string(path) + ": not a table of keys");
  return node;
}

Status SetPath(Node* root, std::string_view assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Status::InvalidArgument("--set: expected key=value: '" + std::string(assignment) + "'");
  }
  Node* node = root;
  std::string_view path = assignment.substr(0, equals);
  while (!path.empty()) {
    const size_t dot = path.find('.');
    node->is_table = true;
    node->value = std::monostate();
    node = &node->keys[std::string(path.substr(0, dot))];
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  // The value has the form that it would have in YAML, so that numbers and lists can be given.
  THALWEG_ASSIGN_OR_RETURN(*node, Parse(assignment.substr(equals + 1), "yaml"));
  return {};
}

Status FillReferences(Node* node, std::string_view path) {
  for (auto& [key, child] : node->keys) {
    if (key == "sql") continue;
    const std::string where = path.empty() ? key : std::string(path) + "." + key;
    THALWEG_RETURN_IF_ERROR(FillReferences(&child, where));
  }
  const auto fill = [&](std::string* text) -> Status {
    auto filled = Filled(*text);
    if (!filled.ok()) return filled.status().WithContext(path);
    *text = *std::move(filled);
    return {};
  };
  if (auto* text = std::get_if<std::string>(&node->value)) return fill(text);
  if (auto* list = std::get_if<std::vector<std::string>>(&node->value)) {
    for (auto& text : *list) THALWEG_RETURN_IF_ERROR(fill(&text));
  }
  return {};
}

}  // namespace thalweg::job
