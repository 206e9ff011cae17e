#pragma once

#include <memory>
#include <vector>

#include "base/spec.h"
#include "engine/codec.h"

namespace thalweg::codecs {

std::vector<Field> JsonWriteFields();

/// An encoder of JSON: one object a line, or the elements of one array. NULL is `null`; decimals
/// keep their digits; infinities and NaN, which JSON has not, are the strings "inf" and "nan".
Result<std::shared_ptr<const engine::Encoder>> MakeJsonEncoder(columnar::SchemaPtr schema,
                                                               const Options& options);

}  // namespace thalweg::codecs
