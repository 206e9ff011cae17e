#include "io/errno_status.h"

#include <cerrno>
#include <system_error>

namespace thalweg::io {
namespace {

constexpr std::string_view kClosedPipe = "closed pipe: ";

StatusCode CodeOfErrno(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO:
      return StatusCode::kNotFound;
    case EEXIST:
    case ENOTEMPTY:
      return StatusCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOLCK:
      return StatusCode::kResourceExhausted;
    case EACCES:
    case EPERM:
      return StatusCode::kUnauthenticated;
    case EAGAIN:
    case EBUSY:
    case ETXTBSY:
    case ETIMEDOUT:
    case ESTALE:
      return StatusCode::kUnavailable;
    case EPIPE:
      return StatusCode::kCancelled;
    case EXDEV:
    case ENOSYS:
    case EOPNOTSUPP:
    case ESPIPE:
    case EROFS:
      return StatusCode::kUnsupported;
    case EINVAL:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return StatusCode::kInvalidArgument;
    default:
      return StatusCode::kIoError;
  }
}

}  // namespace

Status StatusOfErrno(int error, std::string_view operation, std::string_view path) {
  std::string message;
  if (error == EPIPE) message.append(kClosedPipe);
  message.append(operation).append(": '").append(path).append("': ");
  message.append(std::generic_category().message(error));
  return {CodeOfErrno(error), std::move(message)};
}

bool IsClosedPipe(const Status& status) {
  // Callers put their context in front, so the mark may stand further inside.
  return status.code() == StatusCode::kCancelled &&
         status.message().find(kClosedPipe) != std::string::npos;
}

}  // namespace thalweg::io
