//===- TuningTest.cpp - Tuning files --------------------------------------===//

#include "tx/Checkpoint/Tuning.h"
#include "TestFolder.h"
#include "gtest/gtest.h"
#include <fstream>

using namespace tx;
using tx::test::TestFolder;

namespace {

class TuningTest : public testing::Test {
protected:
  std::string write(llvm::StringRef text) {
    std::string path = folder.path("tuning.json");
    std::ofstream(path) << text.str();
    return path;
  }
  /// What is wrong with `text`, which is malformed.
  std::string messageOf(llvm::StringRef text) {
    llvm::Expected<TuningFile> tuning = readTuning(write(text));
    if (tuning)
      return "nothing";
    std::string message;
    llvm::handleAllErrors(tuning.takeError(), [&](const tx::Error &error) {
      EXPECT_EQ(error.getCode(), ExitCode::Malformed);
      message = error.getMessage().str();
    });
    return message;
  }
  std::string messageOfSchedule(llvm::StringRef schedule) {
    return messageOf(
        (R"({"version": 1, "cpu": "c", "isa": "i", "threads": 1, "lengths": [],
            "kernels": [{"name": "linear", "ops": ["tx.linear"], "schedule": )" +
         schedule + R"(, "milliseconds": 1, "default_milliseconds": 2}]})")
            .str());
  }

  TestFolder folder;
};

TEST_F(TuningTest, ReadsWhatWasWritten) {
  TuningFile tuning;
  tuning.cpu = "A CPU";
  tuning.isa = "x86-64-v3";
  tuning.lengths = {3, 128};
  tuning.threads = 2;
  tuning.kernels.push_back({"linear_add",
                            {"tx.linear", "tx.add"},
                            {8, 6, 1, 60, 192, 65536},
                            1.5,
                            2.5});
  std::string path = folder.path("t.json");
  OutputFile file = llvm::cantFail(OutputFile::create(path));
  ASSERT_FALSE(bool(writeTuning(tuning, file)));
  TuningFile read = llvm::cantFail(readTuning(path));
  EXPECT_EQ(read.cpu, "A CPU");
  EXPECT_EQ(read.isa, "x86-64-v3");
  EXPECT_EQ(read.lengths, tuning.lengths);
  EXPECT_EQ(read.threads, 2);
  ASSERT_EQ(read.kernels.size(), 1u);
  const TunedKernel *kernel = read.find("linear_add", {"tx.linear", "tx.add"});
  ASSERT_TRUE(kernel);
  EXPECT_EQ(kernel->schedule, tuning.kernels[0].schedule);
  EXPECT_EQ(kernel->milliseconds, 1.5);
  EXPECT_EQ(kernel->defaultMilliseconds, 2.5);
  EXPECT_FALSE(read.find("linear_add", {"tx.linear"}));
  EXPECT_FALSE(read.find("linear", {"tx.linear", "tx.add"}));
}

TEST_F(TuningTest, RefusesWhatIsMalformed) {
  auto contains = [](const std::string &message, llvm::StringRef part) {
    EXPECT_TRUE(llvm::StringRef(message).contains(part)) << message;
  };
  contains(messageOf("{"), "not valid JSON");
  contains(messageOf("[]"), "is [], expected an object");
  contains(messageOf("{}"), "'version' is missing, expected an integer from 1");
  contains(messageOf(R"({"version": 2})"), "'version' is 2, expected 1");
  contains(messageOf(R"({"version": 1})"),
           "'cpu' is missing, expected a string");
  contains(messageOf(R"({"version": 1, "cpu": "c", "isa": ""})"),
           "'isa' is \"\", expected a string");
  contains(messageOf(R"({"version": 1, "version": 1})"), "appears twice");
  contains(messageOf(std::string(2'000'000, ' ')), "at most 1000000 are read");
  contains(messageOf(R"({"version": 1, "cpu": "c", "isa": "i", "threads": 1,
                         "lengths": ["a"], "kernels": []})"),
           "'lengths' is [\"a\"], expected an array of integers from 1");
  contains(messageOf(R"({"version": 1, "cpu": "c", "isa": "i", "threads": 1,
                         "lengths": [], "kernels": [{"name": "linear"}]})"),
           "kernel 0: 'ops' is missing, expected an array of strings");
  contains(messageOfSchedule("[]"),
           "kernel 0: schedule: is [], expected an object");
  contains(messageOfSchedule(R"({"lanes": 0})"),
           "'lanes' is 0, expected an integer from 1 to");
  contains(messageOfSchedule(R"({"lanes": 8, "rows": -6})"),
           "'rows' is -6, expected");
  contains(messageOfSchedule(R"({"lanes": 8, "rows": 6, "panels": 1e30})"),
           "'panels' is 1e+30, expected");
  contains(messageOfSchedule(
               R"({"lanes": 8, "rows": 6, "panels": 1, "item_rows": 100000})"),
           "'item_rows' is 100000, expected an integer from 1 to 4096");
  contains(messageOfSchedule(
               R"({"lanes": 8, "rows": 6, "panels": 1, "item_rows": 64})"),
           "'item_rows' is 64, expected a multiple of 6 rows");
  contains(
      messageOfSchedule(
          R"({"lanes": 8, "rows": 6, "panels": 1, "item_rows": 60, "chunk": 0})"),
      "'chunk' is 0, expected an integer from 1 to 4096");
}

TEST_F(TuningTest, RefusesTwoOfOneKernel) {
  std::string kernel = R"({"name": "l", "ops": [], "milliseconds": 1,
      "default_milliseconds": 2, "schedule":
      {"lanes": 8, "rows": 6, "panels": 1, "item_rows": 60}})";
  EXPECT_TRUE(llvm::StringRef(
                  messageOf(
                      R"({"version": 1, "cpu": "c", "isa": "i", "threads": 1,
                      "lengths": [], "kernels": [)" +
                      kernel + "," + kernel + "]}"))
                  .contains("two kernels are l"));
}

} // namespace
