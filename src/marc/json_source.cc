// The shapes of MARC in JSON, read: whole files, arrays, lines, one after the other.

#include "marc/escape.h"
#include "marc/json_cursor.h"
#include "marc/json_splitter.h"
#include "marc/text_input.h"
#include "thalweg/marc/encoding.h"

namespace thalweg::marc {
namespace {

class JsonSource final : public TextSource {
 public:
  using TextSource::TextSource;

 protected:
  Result<bool> ReadRecord() override {
    THALWEG_ASSIGN_OR_RETURN(const JsonPiece piece,
                             splitter_.Next(&input_, options_.record_bytes_max));
    if (piece.kind == JsonPiece::Kind::kEnd) return false;
    const std::string_view text = input_.text().substr(0, piece.size);
    if (piece.kind == JsonPiece::Kind::kNothing) {
      input_.Skip(piece.size);
      return true;
    }
    if (piece.kind == JsonPiece::Kind::kJunk) {
      builder_.DropJunk(DefectCode::kMarcjsonInvalid, input_.offset(), text,
                        std::string(text.substr(0, 32)));
      input_.Skip(piece.size);
      return true;
    }
    builder_.BeginRecord(input_.offset());
    Parse(text);
    builder_.EndRecord(text);
    input_.Skip(piece.size);
    return true;
  }

 private:
  void Parse(std::string_view text) {
    // One look at the whole is cheaper than one at each value.
    builder_.set_check_utf8(HasHighBit(text) && !IsUtf8(text));
    JsonCursor json(text);
    const bool whole = (text[0] == '{' ? TakeObject(&json) : TakeList(&json)) &&
                       (json.AtEnd() || json.Fail("the end of the record"));
    if (whole) return;
    builder_.Report(DefectCode::kMarcjsonInvalid, json.error(), "a record in JSON");
    builder_.Lose();
  }

  bool TakeObject(JsonCursor* json) {
    bool record = false;
    const bool taken = json->Members([&](std::string_view key) {
      record = record || key == "leader" || key == "fields";
      if (key == "leader") return TakeLeader(json);
      if (key != "fields") return json->SkipValue();
      return json->Elements([&] { return TakeMembers(json); });
    });
    // What is left behind a broken record can look like one.
    return taken && (record || json->Fail("a leader or fields"));
  }
  bool TakeList(JsonCursor* json) {
    return json->Elements([&] { return TakeMembers(json); });
  }

  bool TakeLeader(JsonCursor* json) {
    std::string_view text;
    if (!json->String(&text)) return false;
    builder_.SetLeader(text);
    return true;
  }

  // `{"245":{…}}`, `{"001":"…"}`, `{"leader":"…"}`.
  bool TakeMembers(JsonCursor* json) {
    return json->Members([&](std::string_view key) {
      return key == "leader" ? TakeLeader(json) : TakeField(key, json);
    });
  }

  bool TakeField(std::string_view key, JsonCursor* json) {
    const auto tag = Tag::Of(key);
    if (!tag) {
      builder_.Report(DefectCode::kMarcjsonInvalid, "tag '" + std::string(key.substr(0, 16)) + "'",
                      "a tag of three characters");
      return json->SkipValue();
    }
    const bool object = json->Peek() == '{';
    if (object == tag->is_control()) {
      builder_.Report(DefectCode::kInvalidField, object ? "an object" : "a string",
                      object ? "a string" : "an object with subfields", *tag);
      return json->SkipValue();
    }
    if (!object) {
      std::string_view data;
      if (!json->Scalar(&data)) return false;
      builder_.AddControl(*tag, data);
      return true;
    }
    builder_.BeginField(*tag, ' ', ' ');
    const bool taken = json->Members([&](std::string_view part) {
      if (part == "ind1") return TakeIndicator(*tag, 1, json);
      if (part == "ind2") return TakeIndicator(*tag, 2, json);
      if (part != "subfields") return json->SkipValue();
      if (json->Peek() == '{') return TakeSubfields(*tag, json);
      return json->Elements([&] { return TakeSubfields(*tag, json); });
    });
    builder_.EndField();
    return taken;
  }

  bool TakeIndicator(Tag tag, int place, JsonCursor* json) {
    std::string_view text;
    if (!json->Scalar(&text)) return false;
    if (text.size() != 1) {
      builder_.Report(DefectCode::kInvalidIndicator, std::string(text.substr(0, 16)),
                      "one character", tag);
    }
    builder_.SetIndicator(place, text.size() == 1 ? text[0] : ' ');
    return true;
  }

  // `{"a":"…"}`, or several codes in one object.
  bool TakeSubfields(Tag tag, JsonCursor* json) {
    return json->Members([&](std::string_view code) {
      if (code.size() != 1) {
        builder_.Report(DefectCode::kBadSubfieldCode, std::string(code.substr(0, 16)),
                        "one character", tag);
      }
      const char byte = code.size() == 1 ? code[0] : '?';
      std::string_view value;
      if (!json->Scalar(&value)) return false;
      builder_.AddSubfield(byte, value);
      return true;
    });
  }

  JsonSplitter splitter_;
};

}  // namespace

std::unique_ptr<RecordSource> MakeJsonSource(Format format, Reader::ReadBytes read,
                                             ReaderOptions options) {
  return std::make_unique<JsonSource>(format, std::move(read), std::move(options));
}

}  // namespace thalweg::marc
