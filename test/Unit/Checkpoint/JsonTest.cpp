//===- JsonTest.cpp - Tests of bounded JSON and text files ----------------===//

#include "tx/Checkpoint/Json.h"
#include "TestFolder.h"

using namespace tx;
using namespace tx::test;

static std::string parse(const std::string &text) {
  return describe(parseJson(text, "f"));
}

TEST(Json, parses) {
  auto value = parseJson(" {\"a\": [1, 2.5, \"x\\\"}]\"], \"b\": {}} \n", "f");
  ASSERT_TRUE(bool(value)) << describe(value.takeError());
  EXPECT_EQ(value->getAsObject()->getArray("a")->size(), 3u);
}

TEST(Json, refuses_wrong_syntax) {
  for (const char *text : {"", "{", "}", "[1,]", "{\"a\"]", "{\"a\" 1}", "nul",
                           "\"", "\"\\", "{\"\\u12\":1}", "[\"a\nb\"]", "{} {}",
                           "{\"a\":1,}", "\xef\xbb\xbf{}", "// c\n{}"})
    EXPECT_EQ(parse(text).substr(0, 21), "4: f: not valid JSON:") << text;
}

TEST(Json, names_what_python_writes_and_json_has_not) {
  EXPECT_EQ(parse("[\"NaN\", NaN]"),
            "4: f: holds the value NaN, expected a finite number");
  EXPECT_EQ(parse("{\"a\": -Infinity}"),
            "4: f: holds the value Infinity, expected a finite number");
  EXPECT_EQ(parse("[\"NaN\"").substr(0, 21), "4: f: not valid JSON:");
}

TEST(Json, refuses_invalid_utf8) {
  for (const char *text : {"[\"\xff\"]", "{\"\xc3(\":1}", "[\"\xed\xa0\x80\"]"})
    EXPECT_EQ(parse(text).substr(0, 21), "4: f: not valid JSON:");
}

TEST(Json, bounds_nesting) {
  auto nest = [](int depth, char open, char close, std::string inner) {
    return std::string(depth, open) + inner + std::string(depth, close);
  };
  EXPECT_EQ(parse(nest(kMaxJsonDepth, '[', ']', "")), "ok");
  EXPECT_EQ(parse(nest(kMaxJsonDepth + 1, '[', ']', "")),
            "4: f: JSON is nested deeper than 32 levels");
  // Deep enough to overflow the stack of a recursive parser.
  EXPECT_EQ(parse(nest(5'000'000, '[', ']', "")),
            "4: f: JSON is nested deeper than 32 levels");
  std::string objects;
  for (int i = 0; i < 100000; ++i)
    objects += "{\"a\":";
  EXPECT_EQ(parse(objects), "4: f: JSON is nested deeper than 32 levels");
  // Brackets in strings do not count.
  EXPECT_EQ(parse("[\"" + std::string(100, '[') + "\"]"), "ok");
}

TEST(Json, bounds_size_and_values) {
  EXPECT_EQ(parse(std::string(kMaxTextBytes + 1, ' ')),
            "4: f: 100000001 bytes of JSON, at most 100000000 are read");
  std::string many = "[0";
  for (int i = 0; i < 16'000'001; ++i)
    many += ",0";
  EXPECT_EQ(parse(many + "]"), "4: f: JSON has more than 16000000 values");
}

TEST(Json, refuses_equal_keys_of_one_object_only) {
  EXPECT_EQ(parse("{\"a\":1,\"b\":2,\"a\":3}"), "4: f: key 'a' appears twice");
  EXPECT_EQ(parse("[{\"k\":{\"a\":1, \"\\u0061\" :3}}]"),
            "4: f: key 'a' appears twice");
  EXPECT_EQ(parse("{\"\":1,\"\":3}"), "4: f: key '' appears twice");
  EXPECT_EQ(parse("{\"a\":{\"a\":1},\"b\":{\"a\":\"a\"},\"c\":[\"a\",\"a\"]}"),
            "ok");
}

TEST(Json, cuts_keys_in_messages) {
  std::string key(100000, 'k');
  std::string message = parse("{\"" + key + "\":1,\"" + key + "\":2}");
  EXPECT_EQ(message.substr(0, 11), "4: f: key '");
  EXPECT_LT(message.size(), 200u);
  // Not in the middle of a character.
  std::string accents;
  for (int i = 0; i < 100; ++i)
    accents += "é";
  message = parse("{\"x" + accents + "\":1,\"x" + accents + "\":2}");
  EXPECT_TRUE(llvm::json::isUTF8(message)) << message;
}

TEST(JsonFields, keeps_the_first_failure) {
  auto value = llvm::cantFail(
      parseJson(R"({"n": 7, "none": null, "s": "x", "l": ["a", 1]})", "f"));
  JsonFields fields(value, "f");
  EXPECT_EQ(fields.integer("n", 1, 10), 7);
  EXPECT_EQ(fields.integerOr("none", 3, 1, 10), 3);
  EXPECT_EQ(fields.string("s"), "x");
  EXPECT_TRUE(fields.stringsOrEmpty("absent").empty());
  EXPECT_FALSE(fields.failed());
  EXPECT_EQ(fields.integer("n", 1, 6), 1); // what a reader can go on with
  EXPECT_EQ(fields.string("n"), "");
  fields.strings("l");
  EXPECT_EQ(describe(fields.getError()),
            "4: f: 'n' is 7, expected an integer from 1 to 6");
}

TEST(JsonFields, says_what_was_expected) {
  auto value = llvm::cantFail(
      parseJson(R"({"n": 7.5, "s": "", "l": ["a", 1], "none": null})", "f"));
  auto messageOf = [&](auto read) {
    JsonFields fields(value, "f");
    read(fields);
    return describe(fields.getError());
  };
  EXPECT_EQ(messageOf([](JsonFields &f) { f.integer("n", 0, 9); }),
            "4: f: 'n' is 7.5, expected an integer from 0 to 9");
  EXPECT_EQ(messageOf([](JsonFields &f) { f.number("n", 0, 1); }),
            "4: f: 'n' is 7.5, expected a number from 0 to 1");
  EXPECT_EQ(messageOf([](JsonFields &f) { f.string("s"); }),
            "4: f: 's' is \"\", expected a string");
  EXPECT_EQ(messageOf([](JsonFields &f) { f.strings("l"); }),
            "4: f: 'l' is [\"a\",1], expected an array of strings");
  EXPECT_EQ(
      messageOf([](JsonFields &f) { f.integers("l", 1, 2); }),
      "4: f: 'l' is [\"a\",1], expected an array of integers from 1 to 2");
  EXPECT_EQ(messageOf([](JsonFields &f) { f.array("none"); }),
            "4: f: 'none' is null, expected an array");
  auto list = llvm::cantFail(parseJson("[1]", "f"));
  EXPECT_EQ(describe(JsonFields(list, "f").getError()),
            "4: f: is [1], expected an object");
}

TEST(TextFile, reads_regular_files_of_bounded_size) {
  TestFolder folder;
  std::string text("a\0b\n", 4);
  auto read = readTextFile(folder.write("text", text));
  ASSERT_TRUE(bool(read));
  EXPECT_EQ(*read, text);
  EXPECT_EQ(describe(readTextFile(folder.write("empty", ""))), "ok");
  EXPECT_EQ(describe(readTextFile(folder.path("text"), 3)),
            "4: " + folder.path("text") + " has 4 bytes, at most 3 are read");
  EXPECT_EQ(describe(readTextFile(folder.dir)),
            "3: cannot open " + folder.dir + ": it is a folder");
  EXPECT_EQ(describe(readTextFile(folder.path("none"))),
            "3: cannot open " + folder.path("none") +
                ": No such file or directory");
  EXPECT_EQ(describe(readTextFile("/dev/zero")),
            "3: cannot open /dev/zero: not a regular file");
}
