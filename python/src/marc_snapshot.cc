#include <algorithm>
#include <cstring>

#include "marc_types.h"

// What Python code made of a record, as bytes again.
namespace thalweg::python {
namespace {

using marc::FieldView;
using marc::Tag;

bool HasMarks(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '\x1D' && c <= '\x1F'; });
}

// One printable ASCII character.
bool AppendCharacter(PyObject* object, std::string* out) {
  std::string_view text;
  if (!ToUtf8(object, &text) || text.size() != 1 || text[0] < ' ') return false;
  *out += text[0];
  return true;
}

bool AppendIndicators(const FieldObject* field, std::string* out) {
  if (field->indicators == nullptr) {
    if (field->batch == nullptr) return false;
    out->append({field->view.indicator1(), field->view.indicator2()});
    return true;
  }
  PyObject* pair = field->indicators;
  return PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2 &&
         AppendCharacter(PyTuple_GET_ITEM(pair, 0), out) &&
         AppendCharacter(PyTuple_GET_ITEM(pair, 1), out);
}

bool AppendSubfields(PyObject* list, std::string* out) {
  if (!PyList_Check(list)) return false;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
    PyObject* item = PyList_GET_ITEM(list, i);
    std::string_view value;
    *out += marc::kSubfieldMark;
    if (!PyTuple_Check(item) || PyTuple_GET_SIZE(item) != 2 ||
        !AppendCharacter(PyTuple_GET_ITEM(item, 0), out) ||
        !ToUtf8(PyTuple_GET_ITEM(item, 1), &value) || HasMarks(value)) {
      return false;
    }
    *out += value;
  }
  return true;
}

}  // namespace

bool Snapshot::BuildField(FieldObject* field) {
  if (Py_TYPE(field) != Classes().field || field->kind != TextKind::kUtf8) return false;
  Tag tag;
  PyObject* name = FieldTag(field);
  const bool named = name != nullptr && ToTag(name, &tag);
  Py_XDECREF(name);
  if (!named || tag.is_control() != field->control) return false;
  auto text = std::make_unique<std::string>();
  if (field->control) {
    std::string_view data;
    if (field->data != nullptr) {
      if (!ToUtf8(field->data, &data) || HasMarks(data)) return false;
    } else if (field->batch != nullptr) {
      data = field->view.data();
    } else {
      return false;
    }
    *text = data;
  } else {
    if (!AppendIndicators(field, text.get())) return false;
    if (field->subfields != nullptr) {
      if (!AppendSubfields(field->subfields, text.get())) return false;
    } else if (field->batch != nullptr) {
      for (const marc::Subfield& subfield : field->view.subfields()) {
        text->append({marc::kSubfieldMark, subfield.code});
        *text += subfield.value;
      }
    }
  }
  fields_.emplace_back(tag, *text);
  built_.push_back(std::move(text));
  return true;
}

bool Snapshot::AddField(PyObject* object, bool any_bytes) {
  if (!IsUntouched(object)) {
    return Py_TYPE(object) == Classes().field && BuildField(reinterpret_cast<FieldObject*>(object));
  }
  const auto* field = reinterpret_cast<FieldObject*>(object);
  if (field->kind == TextKind::kBytes && !any_bytes) return false;
  fields_.push_back(field->view);
  return true;
}

bool Snapshot::TakeLeader(RecordObject* record) {
  PyObject* leader = record->leader;
  PyObject* text = leader;
  if (Py_TYPE(leader) == Classes().leader) {
    text = PyObject_GetAttrString(leader, "leader");
    if (text == nullptr) {
      PyErr_Clear();
      return false;
    }
  } else {
    Py_INCREF(text);
  }
  const bool fits = PyUnicode_CheckExact(text) && PyUnicode_IS_ASCII(text) &&
                    PyUnicode_GET_LENGTH(text) == static_cast<Py_ssize_t>(marc::kLeaderSize);
  if (fits) std::memcpy(leader_, PyUnicode_DATA(text), marc::kLeaderSize);
  Py_DECREF(text);
  return fits;
}

bool Snapshot::Take(RecordObject* record, bool any_bytes) {
  const char* leader = leader_;
  if (record->leader == nullptr) {
    if (record->view == nullptr) return false;
    leader = record->view->leader_text().data();
  } else if (!TakeLeader(record)) {
    return false;
  }
  if (record->fields == nullptr && record->touched == nullptr) {
    if (record->view == nullptr || (record->kind == TextKind::kBytes && !any_bytes)) return false;
    same_bytes_ = record->view->clean();
    const bool clean = same_bytes_ && record->leader == nullptr;
    view_ = marc::RecordView(leader, record->view->fields(), record->view->raw(), clean);
    return true;
  }
  const size_t count = record->fields == nullptr ? record->view->fields().size() : 0;
  for (size_t i = 0; i < count; ++i) {
    auto* touched = reinterpret_cast<PyObject*>(record->touched[i]);
    if (touched == nullptr) {
      if (record->kind == TextKind::kBytes && !any_bytes) return false;
      fields_.push_back(record->view->fields()[i]);
    } else if (!AddField(touched, any_bytes)) {
      return false;
    }
  }
  if (record->fields != nullptr) {
    if (!PyList_Check(record->fields)) return false;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(record->fields); ++i) {
      if (!AddField(PyList_GET_ITEM(record->fields, i), any_bytes)) return false;
    }
  }
  view_ = marc::RecordView(leader, fields_, {}, false);
  return true;
}

}  // namespace thalweg::python
