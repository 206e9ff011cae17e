#include "codecs/infer.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "columnar/batch.h"

namespace thalweg::codecs {
namespace {

std::string Guess(std::initializer_list<std::string_view> texts) {
  TypeGuess guess;
  for (const std::string_view text : texts) guess.Add(text);
  return guess.type() == nullptr ? "none" : columnar::SqlTypeName(*guess.type());
}

TEST(InferTest, FindsTheNarrowestType) {
  EXPECT_EQ(Guess({}), "none");
  EXPECT_EQ(Guess({"1", "-5", "9223372036854775807"}), "BIGINT");
  EXPECT_EQ(Guess({"1", "2.5"}), "DOUBLE");
  EXPECT_EQ(Guess({"1e3", ".5", "5."}), "DOUBLE");
  EXPECT_EQ(Guess({"true", "FALSE"}), "BOOLEAN");
  EXPECT_EQ(Guess({"2013-01-01", "1999-12-31"}), "DATE");
  EXPECT_EQ(Guess({"2013-01-01", "2013-01-01 05:17:00"}), "TIMESTAMP");
  EXPECT_EQ(Guess({"2013-01-01T10:00:00Z", "2013-01-01T10:00:00+02:00"}), "TIMESTAMP");
  EXPECT_EQ(Guess({"a", "1"}), "VARCHAR");
  EXPECT_EQ(Guess({" 12", "3 "}), "BIGINT");
}

TEST(InferTest, KeepsTextThatAValueWouldChange) {
  EXPECT_EQ(Guess({"1", "007"}), "VARCHAR");
  EXPECT_EQ(Guess({"+1"}), "VARCHAR");
  EXPECT_EQ(Guess({"00.5"}), "VARCHAR");
  EXPECT_EQ(Guess({"0", "0.5"}), "DOUBLE");
  EXPECT_EQ(Guess({"-0"}), "DOUBLE");
  EXPECT_EQ(Guess({"9223372036854775808"}), "VARCHAR");
  EXPECT_EQ(Guess({"9007199254740993", "0.5"}), "VARCHAR");
  EXPECT_EQ(Guess({"9007199254740992", "0.5"}), "DOUBLE");
  EXPECT_EQ(Guess({"1e400"}), "VARCHAR");
  EXPECT_EQ(Guess({"1", "true"}), "VARCHAR");
  EXPECT_EQ(Guess({"2013-01-01 05:17:00.1234567"}), "VARCHAR");
  EXPECT_EQ(Guess({"2013-01-01 05:17:00.123456000"}), "TIMESTAMP");
  EXPECT_EQ(Guess({"2013-01-01 00:00:00", "2013-01-01 00:00:00Z"}), "VARCHAR");
}

TEST(InferTest, OnlyIsoDatesAreDates) {
  for (const char* text : {"01/02/2013", "2013/01/02", "20130102x", "2013-1-2", "2013-02-30",
                           "Jan 1 2013", "2013-13-01"}) {
    EXPECT_EQ(Guess({text}), "VARCHAR") << text;
  }
}

TEST(InferTest, WordsOfDoublesAloneStayText) {
  EXPECT_EQ(Guess({"nan", "inf"}), "VARCHAR");
  EXPECT_EQ(Guess({"nan", "1"}), "DOUBLE");
  EXPECT_EQ(Guess({"1.5", "-Infinity"}), "DOUBLE");
}

TEST(InferTest, FitsAsksWithoutAdding) {
  TypeGuess guess;
  guess.Add("12");
  EXPECT_TRUE(guess.Fits("13"));
  EXPECT_FALSE(guess.Fits("name"));
  EXPECT_FALSE(guess.Fits("1.5"));
  EXPECT_EQ(columnar::SqlTypeName(*guess.type()), "BIGINT");
}

}  // namespace
}  // namespace thalweg::codecs
