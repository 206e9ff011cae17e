#include "thalweg/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "testing/status_matchers.h"

namespace thalweg {
namespace {

using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

constexpr StatusCode kAllCodes[] = {StatusCode::kOk,
                                    StatusCode::kInvalidArgument,
                                    StatusCode::kNotFound,
                                    StatusCode::kAlreadyExists,
                                    StatusCode::kUnsupported,
                                    StatusCode::kUnavailable,
                                    StatusCode::kResourceExhausted,
                                    StatusCode::kDeadlineExceeded,
                                    StatusCode::kCancelled,
                                    StatusCode::kIoError,
                                    StatusCode::kCorruption,
                                    StatusCode::kUnauthenticated,
                                    StatusCode::kInternal};

TEST(StatusTest, OkIsEmpty) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kOk);
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(status.ToString(), "ok");
  EXPECT_TRUE(Status(StatusCode::kOk, "ignored").ok());
}

TEST(StatusTest, FailureKeepsCodeAndMessage) {
  const Status status = Status::NotFound("no such file: 'a.csv'");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.ToString(), "not_found: no such file: 'a.csv'");
  const Status copy = status;
  EXPECT_EQ(copy, status);
  EXPECT_FALSE(copy == Status::NotFound("other"));
  EXPECT_FALSE(copy == Status::IoError("no such file: 'a.csv'"));
  EXPECT_FALSE(copy == Status());
}

TEST(StatusTest, ContextStandsInFront) {
  const Status status = Status::Unavailable("refused").WithContext("connect").WithContext("load");
  EXPECT_EQ(status.message(), "load: connect: refused");
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_TRUE(Status().WithContext("load").ok());
}

TEST(StatusTest, EveryCodeHasItsOwnRow) {
  std::set<std::string> names;
  std::set<std::string> classes;
  for (const StatusCode code : kAllCodes) {
    const StatusCodeInfo& info = InfoOf(code);
    EXPECT_EQ(info.code, code);
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_TRUE(classes.insert(info.python_class).second) << info.python_class;
    const bool ok = code == StatusCode::kOk;
    EXPECT_EQ(info.exit_status == 0, ok);
    // 1 and 2 are what shells and argument parsers use; above 130 are signals.
    EXPECT_TRUE(ok || (info.exit_status >= 64 && info.exit_status <= 130)) << info.name;
    EXPECT_EQ(Status(code, "x").code(), code);
  }
  EXPECT_EQ(InfoOf(static_cast<StatusCode>(200)).code, StatusCode::kInternal);
}

TEST(StatusTest, NamedMakersGiveTheirCode) {
  EXPECT_EQ(Status::InvalidArgument("").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Status::AlreadyExists("").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(Status::Unsupported("").code(), StatusCode::kUnsupported);
  EXPECT_EQ(Status::ResourceExhausted("").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(Status::DeadlineExceeded("").code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Status::Cancelled("").code(), StatusCode::kCancelled);
  EXPECT_EQ(Status::IoError("").code(), StatusCode::kIoError);
  EXPECT_EQ(Status::Corruption("").code(), StatusCode::kCorruption);
  EXPECT_EQ(Status::Unauthenticated("").code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(Status::Internal("").code(), StatusCode::kInternal);
}

// Counts the values that live, to show that results neither leak nor destroy twice.
struct Counted {
  static inline int alive = 0;
  explicit Counted(int n) : value(n) { ++alive; }
  Counted(const Counted& other) : value(other.value) { ++alive; }
  Counted(Counted&& other) noexcept : value(std::exchange(other.value, -1)) { ++alive; }
  Counted& operator=(const Counted&) = default;
  Counted& operator=(Counted&&) = default;
  ~Counted() { --alive; }
  int value;
};

TEST(ResultTest, HoldsAValueOrAFailure) {
  const Result<int> value = 7;
  EXPECT_TRUE(value.ok() && value.has_value() && static_cast<bool>(value));
  EXPECT_EQ(*value, 7);
  EXPECT_EQ(value.value(), 7);
  EXPECT_TRUE(value.status().ok());
  const Result<int> failure = Status::NotFound("x");
  EXPECT_FALSE(failure.ok());
  EXPECT_THAT(failure, StatusIs(StatusCode::kNotFound, "x"));
  EXPECT_EQ(Result<int>(failure).value_or(3), 3);
  EXPECT_EQ(Result<int>(value).value_or(3), 7);
}

TEST(ResultTest, AnOkStatusIsNoValue) {
  EXPECT_THAT(Result<int>(Status()), StatusIs(StatusCode::kInternal));
}

TEST(ResultTest, TakesWhatMakesAValue) {
  const Result<std::string> text = "abc";
  EXPECT_EQ(text->size(), 3U);
  Result<std::unique_ptr<int>> pointer = std::make_unique<int>(5);
  EXPECT_EQ(**pointer, 5);
  const std::unique_ptr<int> taken = *std::move(pointer);
  EXPECT_EQ(*taken, 5);
  const Result<std::vector<int>> list = std::vector{1, 2};
  EXPECT_EQ(list->size(), 2U);
}

TEST(ResultTest, CopiesAndMovesKeepTheCount) {
  ASSERT_EQ(Counted::alive, 0);
  {
    Result<Counted> a = Counted(1);
    Result<Counted> b = a;
    Result<Counted> c = std::move(a);
    EXPECT_EQ(b->value, 1);
    EXPECT_EQ(c->value, 1);
    Result<Counted> d = Status::IoError("x");
    d = b;
    EXPECT_EQ(d->value, 1);
    b = Status::IoError("y");
    EXPECT_FALSE(b.ok());
    b = std::move(d);
    EXPECT_EQ(b->value, 1);
    const Result<Counted>& itself = c;
    c = itself;
    EXPECT_EQ(c->value, 1);
    Result<Counted> e = Status::IoError("z");
    c = e;
    EXPECT_FALSE(c.ok());
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(ResultDeathTest, ReadingAFailureEndsTheProcess) {
  const Result<int> failure = Status::NotFound("the reason");
  EXPECT_DEATH(static_cast<void>(*failure), "the reason");
}

Status FailIf(bool fail) { return fail ? Status::IoError("failed") : Status(); }
Result<int> Twice(Result<int> input) {
  THALWEG_ASSIGN_OR_RETURN(const int n, std::move(input));
  THALWEG_RETURN_IF_ERROR(FailIf(n < 0));
  int m = 0;
  THALWEG_ASSIGN_OR_RETURN(m, Result<int>(n));
  return n + m;
}

TEST(ResultTest, MacrosReturnEarly) {
  ASSERT_OK_AND_ASSIGN(const int four, Twice(2));
  EXPECT_EQ(four, 4);
  EXPECT_THAT(Twice(-1), StatusIs(StatusCode::kIoError, HasSubstr("failed")));
  EXPECT_THAT(Twice(Status::Cancelled("stop")), StatusIs(StatusCode::kCancelled));
}

}  // namespace
}  // namespace thalweg
