//===- ErrorTest.cpp - Tests of errors with an exit code ------------------===//

#include "TestFolder.h"

using namespace tx;
using namespace tx::test;

static std::pair<ExitCode, std::string> report(llvm::Error error) {
  std::string text;
  llvm::raw_string_ostream os(text);
  ExitCode code = reportError(std::move(error), os);
  return {code, text};
}

TEST(Error, reports_message_hint_and_code) {
  auto [code, text] = report(
      withHint(makeError(ExitCode::File, "cannot open {0}", "f"), "look"));
  EXPECT_EQ(code, ExitCode::File);
  EXPECT_EQ(text, "error: cannot open f\nhelp: look\n");
}

TEST(Error, keeps_the_first_hint) {
  EXPECT_EQ(describe(withHint(withHint(makeError(ExitCode::File, "f"), "first"),
                              "second")),
            "3: f; first");
  EXPECT_EQ(describe(withHint(llvm::Error::success(), "hint")), "ok");
}

TEST(Error, shows_no_control_characters) {
  auto [code, text] =
      report(makeError(ExitCode::Malformed, "a{0}b\nc", "\x1b[31m\x7f"));
  EXPECT_EQ(text, "error: a\\x1b[31m\\x7fb\nc\n");
}

TEST(Error, reports_all_of_several) {
  auto [code, text] = report(llvm::joinErrors(
      makeError(ExitCode::Malformed, "one"), makeError(ExitCode::File, "two")));
  EXPECT_EQ(code, ExitCode::Malformed);
  EXPECT_EQ(text, "error: one\nerror: two\n");
}

TEST(Error, reports_errors_that_are_not_its_own) {
  auto [code, text] = report(
      llvm::createStringError(std::make_error_code(std::errc::io_error), "io"));
  EXPECT_EQ(code, ExitCode::Failure);
  EXPECT_EQ(text, "error: io\n");
  EXPECT_EQ(report(llvm::Error::success()).first, ExitCode::Ok);
}
