#include "columnar/arrow_status.h"

#include <string>

namespace thalweg::columnar {

Status FromArrow(const arrow::Status& status) {
  if (status.ok()) return {};
  const std::string& text = status.message();
  switch (status.code()) {
    case arrow::StatusCode::OutOfMemory:
    case arrow::StatusCode::CapacityError:
      return Status::ResourceExhausted(text);
    case arrow::StatusCode::IOError:
      return Status::IoError(text);
    case arrow::StatusCode::Cancelled:
      return Status::Cancelled(text);
    case arrow::StatusCode::NotImplemented:
      return Status::Unsupported(text);
    case arrow::StatusCode::SerializationError:
      return Status::Corruption(text);
    case arrow::StatusCode::AlreadyExists:
      return Status::AlreadyExists(text);
    case arrow::StatusCode::KeyError:
    case arrow::StatusCode::TypeError:
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::IndexError:
    case arrow::StatusCode::ExecutionError:
    case arrow::StatusCode::ExpressionValidationError:
      return Status::InvalidArgument(text);
    default:
      return Status::Internal(text);
  }
}

arrow::Status ToArrow(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return arrow::Status::OK();
    case StatusCode::kResourceExhausted:
      return arrow::Status::OutOfMemory(status.message());
    case StatusCode::kIoError:
    case StatusCode::kNotFound:
    case StatusCode::kUnavailable:
      return arrow::Status::IOError(status.message());
    case StatusCode::kCancelled:
      return arrow::Status::Cancelled(status.message());
    case StatusCode::kUnsupported:
      return arrow::Status::NotImplemented(status.message());
    default:
      return arrow::Status::Invalid(status.message());
  }
}

}  // namespace thalweg::columnar
