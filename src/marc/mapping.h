#pragma once

#include <string>
#include <string_view>

#include "thalweg/marc/record.h"

// What the mappings from MARC 21 to other vocabularies share.
namespace thalweg::marc {

/// Without blanks around it, and without the punctuation that cataloguers put at the end of a part
/// because of what follows: ` / : ; , =`, and a full stop behind more than an initial.
std::string_view WithoutEndPunctuation(std::string_view text);

/// Without blanks around it and one of ` / : ; , =` behind it: a full stop stays.
std::string_view WithoutIsbdMark(std::string_view text);

/// The values of the subfields with one of `codes`, in their order, with blanks between them.
std::string JoinedValues(const FieldView& field, std::string_view codes);
/// The same without the punctuation at its end.
std::string Joined(const FieldView& field, std::string_view codes);
/// A subject heading with all of its divisions: `Rivers--Norway--History`.
std::string JoinedHeading(const FieldView& field);

/// What field 008 holds; empty unless it has its 40 characters.
std::string_view FixedData(const RecordView& record);
/// A code of a fixed field without blanks behind it; empty where it is filled or says nothing.
std::string_view PlainCode(std::string_view code);

}  // namespace thalweg::marc
