#pragma once

#include <memory>

#include "thalweg/marc/formats.h"

// One factory a family of formats, for `MakeEncoder`.
namespace thalweg::marc {

std::unique_ptr<RecordEncoder> MakeJsonEncoder(Format format, const EncoderOptions& options);
std::unique_ptr<RecordEncoder> MakeMarcXmlEncoder(const EncoderOptions& options);
std::unique_ptr<RecordEncoder> MakeMrkEncoder();
std::unique_ptr<RecordEncoder> MakeLineEncoder();
std::unique_ptr<RecordEncoder> MakeLongCsvEncoder(const EncoderOptions& options);
std::unique_ptr<RecordEncoder> MakeModsEncoder(const EncoderOptions& options);
/// `invalid_argument` where `base_uri` is no absolute IRI.
Result<std::unique_ptr<RecordEncoder>> MakeBibframeEncoder(Format format, EncoderOptions options);
std::unique_ptr<RecordEncoder> MakeDublinCoreEncoder(const EncoderOptions& options);

}  // namespace thalweg::marc
