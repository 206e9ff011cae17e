#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "thalweg/export.h"

namespace thalweg {

/// What went wrong, by what the caller should do next.
///
/// Fix the request: `kInvalidArgument`, `kNotFound`, `kAlreadyExists`, `kUnsupported`.
/// Try again later: `kUnavailable`, `kResourceExhausted`, `kDeadlineExceeded`.
/// Stop and keep the evidence: `kIoError`, `kCorruption`, `kUnauthenticated`.
/// Asked for: `kCancelled`. Our bug: `kInternal`.
enum class StatusCode : uint8_t {
  kOk = 0,
  kInvalidArgument,
  kNotFound,
  kAlreadyExists,
  kUnsupported,
  kUnavailable,
  kResourceExhausted,
  kDeadlineExceeded,
  kCancelled,
  kIoError,
  kCorruption,
  kUnauthenticated,
  kInternal,
};

/// One row of the table that maps a code to the outside world.
struct StatusCodeInfo {
  StatusCode code;
  const char* name;          ///< snake_case, stable: it stands in reports and logs.
  int exit_status;           ///< sysexits(3).
  const char* python_class;  ///< Class in the Python package.
};

/// The one table of codes. `code` outside the enumeration gives the row of `kInternal`.
THALWEG_EXPORT const StatusCodeInfo& InfoOf(StatusCode code);

/// The outcome of an operation that returns no value. One pointer; null means OK.
///
/// Copies share the failure. Safe to read from several threads.
class [[nodiscard]] THALWEG_EXPORT Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message);

  static Status InvalidArgument(std::string m) {
    return {StatusCode::kInvalidArgument, std::move(m)};
  }
  static Status NotFound(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
  static Status AlreadyExists(std::string m) { return {StatusCode::kAlreadyExists, std::move(m)}; }
  static Status Unsupported(std::string m) { return {StatusCode::kUnsupported, std::move(m)}; }
  static Status Unavailable(std::string m) { return {StatusCode::kUnavailable, std::move(m)}; }
  static Status ResourceExhausted(std::string m) {
    return {StatusCode::kResourceExhausted, std::move(m)};
  }
  static Status DeadlineExceeded(std::string m) {
    return {StatusCode::kDeadlineExceeded, std::move(m)};
  }
  static Status Cancelled(std::string m) { return {StatusCode::kCancelled, std::move(m)}; }
  static Status IoError(std::string m) { return {StatusCode::kIoError, std::move(m)}; }
  static Status Corruption(std::string m) { return {StatusCode::kCorruption, std::move(m)}; }
  static Status Unauthenticated(std::string m) {
    return {StatusCode::kUnauthenticated, std::move(m)};
  }
  static Status Internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }

  bool ok() const { return rep_ == nullptr; }
  StatusCode code() const { return rep_ ? rep_->code : StatusCode::kOk; }
  /// Empty when OK. Context added last stands first: `load orders: connect: refused`.
  const std::string& message() const;
  /// `not_found: no such file: 'a.csv'`, or `ok`.
  std::string ToString() const;

  /// Puts `context + ": "` before the message; keeps the code. No effect when OK.
  Status WithContext(std::string_view context) const;

 private:
  struct Rep {
    StatusCode code;
    std::string message;
  };
  std::shared_ptr<const Rep> rep_;
};

inline bool operator==(const Status& a, const Status& b) {
  return a.code() == b.code() && a.message() == b.message();
}

namespace internal {
/// Ends the process: a `Result` was read that holds no value.
[[noreturn]] THALWEG_EXPORT void DieBadResultAccess(const Status& status);
}  // namespace internal

/// A value, or the reason why there is none. Names follow `std::expected`.
///
/// Reading the value of a failed result ends the process: it is a bug of the caller.
template <typename T>
class [[nodiscard]] Result {
  static_assert(!std::is_reference_v<T> && !std::is_same_v<std::remove_cv_t<T>, Status>);

 public:
  using value_type = T;

  Result(Status status) : status_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    if (status_.ok()) status_ = Status::Internal("a result was made from an OK status");
  }
  template <typename U = T>
    requires(std::is_constructible_v<T, U&&> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Status>)
  Result(U&& value) {  // NOLINT(google-explicit-constructor)
    new (&storage_) T(std::forward<U>(value));
  }
  Result(const Result& other) : status_(other.status_) {
    if (other.has_value()) new (&storage_) T(other.ref());
  }
  Result(Result&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
      : status_(other.status_) {
    if (other.has_value()) new (&storage_) T(std::move(other.ref()));
  }
  Result& operator=(const Result& other) {
    if (this != &other) {
      Result copy(other);
      *this = std::move(copy);
    }
    return *this;
  }
  Result& operator=(Result&& other) noexcept(std::is_nothrow_move_constructible_v<T>) {
    if (this != &other) {
      Destroy();
      status_ = other.status_;
      if (other.has_value()) new (&storage_) T(std::move(other.ref()));
    }
    return *this;
  }
  ~Result() { Destroy(); }

  bool ok() const { return status_.ok(); }
  bool has_value() const { return status_.ok(); }
  explicit operator bool() const { return ok(); }
  const Status& status() const& { return status_; }
  Status status() && { return status_; }

  T& value() & { return Checked(); }
  const T& value() const& { return const_cast<Result*>(this)->Checked(); }
  T&& value() && { return std::move(Checked()); }
  T& operator*() & { return Checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->Checked(); }
  T&& operator*() && { return std::move(Checked()); }
  T* operator->() { return &Checked(); }
  const T* operator->() const { return &const_cast<Result*>(this)->Checked(); }
  template <typename U>
  T value_or(U&& fallback) && {
    return ok() ? std::move(ref()) : static_cast<T>(std::forward<U>(fallback));
  }

 private:
  T& ref() { return *std::launder(reinterpret_cast<T*>(&storage_)); }
  const T& ref() const { return *std::launder(reinterpret_cast<const T*>(&storage_)); }
  T& Checked() {
    if (!ok()) internal::DieBadResultAccess(status_);
    return ref();
  }
  void Destroy() {
    if (has_value()) ref().~T();
  }

  Status status_;
  alignas(T) unsigned char storage_[sizeof(T)];
};

}  // namespace thalweg

#define THALWEG_CONCAT_INNER(a, b) a##b
#define THALWEG_CONCAT(a, b) THALWEG_CONCAT_INNER(a, b)

/// Returns from the enclosing function when `expr` (a `Status`) failed.
#define THALWEG_RETURN_IF_ERROR(expr)           \
  do {                                          \
    ::thalweg::Status thalweg_status_ = (expr); \
    if (!thalweg_status_.ok()) [[unlikely]] {   \
      return thalweg_status_;                   \
    }                                           \
  } while (false)

/// `THALWEG_ASSIGN_OR_RETURN(auto x, F())`: declares or assigns the value, or returns the failure.
#define THALWEG_ASSIGN_OR_RETURN(lhs, expr) \
  THALWEG_ASSIGN_OR_RETURN_IMPL(THALWEG_CONCAT(thalweg_result_, __COUNTER__), lhs, expr)
#define THALWEG_ASSIGN_OR_RETURN_IMPL(result, lhs, expr) \
  auto result = (expr);                                  \
  if (!result.ok()) [[unlikely]] {                       \
    return std::move(result).status();                   \
  }                                                      \
  lhs = *std::move(result)
