//===- CheckpointTest.cpp - Tests of checkpoint folders -------------------===//

#include "TestFolder.h"
#include <sys/stat.h>
#include <unistd.h>

using namespace tx;
using namespace tx::test;

namespace {
/// A checkpoint folder; messages are compared without its path.
class CheckpointFolder : public ::testing::Test {
protected:
  std::string open() {
    std::string result = describe(Checkpoint::open(folder.dir));
    for (size_t at; (at = result.find(folder.dir)) != std::string::npos;)
      result.replace(at, folder.dir.size(), "DIR");
    return result;
  }

  /// A file of scalars.
  void writeFile(const std::string &file, std::vector<std::string> names) {
    std::string header;
    for (size_t i = 0; i < names.size(); ++i)
      header += (i ? "," : "") + ("\"" + names[i]) +
                "\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[" +
                std::to_string(i) + "," + std::to_string(i + 1) + "]}";
    folder.write(file, makeFile("{" + header + "}", names.size()));
  }

  void writeIndex(const std::string &map) {
    folder.write("model.safetensors.index.json",
                 "{\"metadata\":{\"total_size\":3},\"weight_map\":" + map +
                     "}");
  }

  TestFolder folder;
};
} // namespace

TEST_F(CheckpointFolder, opens_a_single_file) {
  writeFile("model.safetensors", {"a", "b"});
  writeIndex("{}"); // not looked at
  auto checkpoint = Checkpoint::open(folder.dir);
  ASSERT_TRUE(bool(checkpoint)) << describe(checkpoint.takeError());
  ASSERT_EQ(checkpoint->tensors().size(), 2u);
  const Checkpoint::Location &location = checkpoint->tensors().at("b");
  EXPECT_EQ(location.file, "model.safetensors");
  EXPECT_EQ(location.opened->find("b"), location.view);
}

TEST_F(CheckpointFolder, opens_shards) {
  writeFile("1.safetensors", {"a", "c"});
  writeFile("2.safetensors", {"b"});
  writeIndex("{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\","
             "\"c\":\"1.safetensors\"}");
  auto checkpoint = Checkpoint::open(folder.dir);
  ASSERT_TRUE(bool(checkpoint)) << describe(checkpoint.takeError());
  ASSERT_EQ(checkpoint->tensors().size(), 3u);
  EXPECT_EQ(checkpoint->tensors().at("b").file, "2.safetensors");
  EXPECT_EQ(checkpoint->tensors().at("c").file, "1.safetensors");
}

TEST_F(CheckpointFolder, follows_links_as_the_hub_makes_them) {
  ASSERT_EQ(::mkdir(folder.path("blobs").c_str(), 0777), 0);
  writeFile("blobs/0123", {"a"});
  ASSERT_EQ(::symlink("blobs/0123", folder.path("model.safetensors").c_str()),
            0);
  EXPECT_EQ(open(), "ok");
  ::unlink(folder.path("blobs/0123").c_str());
  EXPECT_EQ(open(), "3: cannot open DIR/model.safetensors: No such file or "
                    "directory");
}

TEST_F(CheckpointFolder, refuses_names_that_leave_the_folder) {
  for (const char *name :
       {"", ".", "..", "../x", "/etc/passwd", "a/b", "a\\\\b", "x\\u0000"}) {
    writeIndex(std::string("{\"a\":\"") + name + "\"}");
    std::string message = open();
    EXPECT_EQ(message.find("4: DIR/model.safetensors.index.json: tensor 'a' is "
                           "in file '"),
              0u)
        << message;
    EXPECT_NE(message.find("expected the plain name of a file in the same "
                           "folder"),
              std::string::npos)
        << message;
  }
  writeIndex("{\"a\":1}");
  EXPECT_EQ(open().substr(0, 2), "4:");
}

TEST_F(CheckpointFolder, compares_the_index_with_the_shards) {
  const std::string index = "DIR/model.safetensors.index.json: ";
  writeFile("1.safetensors", {"a"});
  writeFile("2.safetensors", {"b"});
  writeIndex("{\"a\":\"1.safetensors\",\"c\":\"1.safetensors\"}");
  EXPECT_EQ(open(), "4: " + index +
                        "tensor 'c' is not in 1.safetensors, where "
                        "the index has it");
  writeIndex("{\"a\":\"1.safetensors\",\"b\":\"1.safetensors\"}");
  EXPECT_EQ(open(), "4: " + index +
                        "tensor 'b' is not in 1.safetensors, where "
                        "the index has it");
  writeFile("2.safetensors", {"b", "c"});
  writeIndex("{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}");
  EXPECT_EQ(open(), "4: " + index +
                        "tensor 'c' of 2.safetensors is not in the "
                        "index");
  writeFile("2.safetensors", {"b", "a"});
  EXPECT_EQ(open(), "4: " + index +
                        "tensor 'a' is in 2.safetensors as well as "
                        "in 1.safetensors, where the index has it");
  writeIndex("{\"a\":\"3.safetensors\"}");
  EXPECT_EQ(open(), "3: cannot open DIR/3.safetensors: No such file or "
                    "directory");
}

TEST_F(CheckpointFolder, refuses_a_wrong_index) {
  folder.write("model.safetensors.index.json", "[]");
  EXPECT_EQ(open(),
            "4: DIR/model.safetensors.index.json: no object weight_map");
  folder.write("model.safetensors.index.json", "{\"weight_map\":[]}");
  EXPECT_EQ(open(),
            "4: DIR/model.safetensors.index.json: no object weight_map");
  writeIndex("{\"a\":\"1\",\"a\":\"2\"}");
  EXPECT_EQ(open(),
            "4: DIR/model.safetensors.index.json: key 'a' appears twice");
}

TEST_F(CheckpointFolder, explains_what_is_missing) {
  EXPECT_EQ(open(), "3: DIR holds neither model.safetensors nor "
                    "model.safetensors.index.json");
  folder.write("pytorch_model.bin", "");
  std::string message = open();
  EXPECT_EQ(message.find("5: DIR holds pytorch_model.bin"), 0u) << message;
  EXPECT_NE(message.find("; convert it with the framework: python -c"),
            std::string::npos)
      << message;
  EXPECT_EQ(describe(Checkpoint::open(folder.path("none"))),
            "3: " + folder.path("none") + ": no such folder");
  EXPECT_EQ(describe(Checkpoint::open(folder.path("pytorch_model.bin"))),
            "3: " + folder.path("pytorch_model.bin") + ": not a folder");
}
