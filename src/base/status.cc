#include "thalweg/status.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace thalweg {
namespace {

// Exit statuses are those of sysexits(3); 130 is what a shell reports for an interrupted command.
constexpr std::array<StatusCodeInfo, 13> kCodes = {{
    {StatusCode::kOk, "ok", 0, ""},
    {StatusCode::kInvalidArgument, "invalid_argument", 64, "InvalidArgumentError"},
    {StatusCode::kNotFound, "not_found", 66, "NotFoundError"},
    {StatusCode::kAlreadyExists, "already_exists", 73, "AlreadyExistsError"},
    {StatusCode::kUnsupported, "unsupported", 64, "UnsupportedError"},
    {StatusCode::kUnavailable, "unavailable", 69, "UnavailableError"},
    {StatusCode::kResourceExhausted, "resource_exhausted", 75, "ResourceExhaustedError"},
    {StatusCode::kDeadlineExceeded, "deadline_exceeded", 75, "DeadlineExceededError"},
    {StatusCode::kCancelled, "cancelled", 130, "CancelledError"},
    {StatusCode::kIoError, "io_error", 74, "IoError"},
    {StatusCode::kCorruption, "corruption", 65, "CorruptionError"},
    {StatusCode::kUnauthenticated, "unauthenticated", 77, "UnauthenticatedError"},
    {StatusCode::kInternal, "internal", 70, "InternalError"},
}};

}  // namespace

const StatusCodeInfo& InfoOf(StatusCode code) {
  const auto index = static_cast<size_t>(code);
  return index < kCodes.size() ? kCodes[index] : kCodes.back();
}

Status::Status(StatusCode code, std::string message) {
  if (code != StatusCode::kOk) rep_ = std::make_shared<const Rep>(Rep{code, std::move(message)});
}

const std::string& Status::message() const {
  static const std::string empty;
  return rep_ ? rep_->message : empty;
}

std::string Status::ToString() const {
  std::string text = InfoOf(code()).name;
  if (!ok()) text.append(": ").append(message());
  return text;
}

Status Status::WithContext(std::string_view context) const {
  if (ok()) return *this;
  std::string text(context);
  text.append(": ").append(message());
  return {code(), std::move(text)};
}

namespace internal {

void DieBadResultAccess(const Status& status) {
  std::fprintf(stderr, "thalweg: value of a failed result read: %s\n", status.ToString().c_str());
  std::abort();
}

}  // namespace internal
}  // namespace thalweg
