#include "jenkins/config_xml.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ks::jenkins {
namespace {

json::value full_spec() {
  return json::parse(R"({"type":"pipeline","pipeline":{
    "name":"demo","description":"a <b> & 'c'","disable_concurrent":true,
    "discarder":{"days_to_keep":"7","num_to_keep":"10"},
    "parameters":[
      {"name":"s","type":"string","default_value":"dv","description":"ds"},
      {"name":"c","type":"choice","default_value":"a\nb"},
      {"name":"b","type":"boolean","default_value":"true"},
      {"name":"f","type":"file"},
      {"name":"odd","type":"unknown"}],
    "timer_trigger":{"cron":"H H * * *"},
    "remote_trigger":{"token":"tok"},
    "generic_webhook":{"enable":true,"token":"gt","print_variables":true,
      "request_variables":[{"key":"k","regexp_filter":"r"}],"header_variables":[{"key":"h"}]},
    "jenkinsfile":"pipeline {\n  agent any\n}\n"}})");
}

json::object pipeline_of(const json::value& spec) { return spec.at("pipeline").as_object(); }

TEST(ConfigXml, ReadsBackWhatItWrites) {
  const json::value spec = full_spec();
  json::object wanted = pipeline_of(spec);
  wanted["name"] = "";                         // the caller's business
  wanted["parameters"].as_array().pop_back();  // of unknown type
  EXPECT_EQ(json::value(pipeline_of(*spec_of(*config_of(spec)))), json::value(wanted));
}

json::value multi_branch(std::string_view type, std::string_view source) {
  const std::string text =
      R"({"type":"multi-branch-pipeline","multi_branch_pipeline":{"name":"","description":"d","source_type":")" +
      std::string(type) +
      R"(","script_path":"ci/Jenkinsfile","timer_trigger":{"interval":"3600000"},)" +
      R"("discarder":{"days_to_keep":"-1","num_to_keep":"5"},)" +
      R"("multibranch_job_trigger":{"create_action_job_to_trigger":"a","delete_action_job_to_trigger":"b"},")" +
      std::string(type) + "_source\":" + std::string(source) + "}}";
  return json::parse(text);
}

TEST(ConfigXml, ReadsBackMultiBranchPipelinesOfEachSource) {
  const std::string forge =
      R"({"owner":"o","repo":"o/r","credential_id":"c","discover_branches":1,"discover_pr_from_origin":2,
      "discover_pr_from_forks":{"strategy":1,"trust":2},"discover_tags":true,"regex_filter":"a<b",
      "git_clone_option":{"shallow":true,"timeout":20,"depth":1})";
  for (
      const auto& [type, source] : std::initializer_list<std::pair<const char*, std::string>>{
          {"git",
           R"({"url":"https://x/y.git","credential_id":"c","discover_branches":true,"discover_tags":true,
            "git_clone_option":{"timeout":10,"depth":1},"regex_filter":".*"})"},
          {"github", forge + R"(,"api_uri":"https://h/api/v3"})"},
          {"gitlab", forge + R"(,"server_name":"https://gitlab.com"})"},
          {"bitbucket_server", forge + R"(,"api_uri":"https://b"})"},
          {"svn",
           R"({"remote":"svn://h","credential_id":"c","includes":"trunk","excludes":"tags"})"},
          {"single_svn", R"({"remote":"svn://h","credential_id":"c"})"}}) {
    const json::value spec = multi_branch(type, source);
    const Result<std::string> config = config_of(spec);
    ASSERT_TRUE(config.ok()) << type << ": " << config.error().message;
    EXPECT_EQ(kind_of_config(*config), JobKind::multi_branch);
    EXPECT_TRUE(config->contains("<spec>H/15 * * * *</spec>")) << *config;
    EXPECT_EQ(*spec_of(*config), spec) << *config;
    // It is written anew, whatever it was.
    EXPECT_EQ(*changed_config(*config, spec), *config);
  }
  EXPECT_EQ(config_of(multi_branch("zzz", "{}")).error().message, "unsupport source type: zzz");
  json::value wrong = multi_branch("git", R"({"url":"u"})");
  wrong.at("multi_branch_pipeline").as_object()["timer_trigger"] = {{"interval", "soon"}};
  EXPECT_FALSE(config_of(wrong).ok());
  EXPECT_EQ(
      changed_config(*config_of(full_spec()), multi_branch("git", R"({"url":"u"})")).error().code,
      Code::conflict);
}

TEST(ConfigXml, ReadsTheStrayMarkOfTheOriginal) {
  std::string config = *config_of(
      multi_branch("bitbucket_server", R"({"owner":"o","repo":"r","discover_branches":3})"));
  for (size_t at = 0; (at = config.find("bitbucket.BranchDiscoveryTrait>", at)) != config.npos;
       at += 32)
    config.insert(at + 31, ">");
  EXPECT_EQ(int_at(*spec_of(config),
                   {"multi_branch_pipeline", "bitbucket_server_source", "discover_branches"}),
            3);
}

TEST(ConfigXml, KeepsPasswordsToItselfUnlessAsked) {
  const json::value spec = json::parse(
      R"({"type":"pipeline","pipeline":{"name":"x","parameters":[{"name":"p","type":"password","default_value":"secret"}]}})");
  const std::string config = *config_of(spec);
  EXPECT_EQ(
      text_at(pipeline_of(*spec_of(config)).at("parameters").as_array()[0], {"default_value"}),
      "p");
  EXPECT_EQ(text_at(pipeline_of(*spec_with_secrets(config)).at("parameters").as_array()[0],
                    {"default_value"}),
            "secret");
}

TEST(ConfigXml, AChangeKeepsWhatItDoesNotSpeakOf) {
  std::string config = *config_of(full_spec());
  config.insert(config.rfind("<triggers"), "<plugin.data>kept</plugin.data>");
  const json::value minimal =
      json::parse(R"({"type":"pipeline","pipeline":{"name":"demo","jenkinsfile":"echo 1"}})");
  const std::string changed = *changed_config(config, minimal);
  EXPECT_TRUE(changed.contains("<plugin.data>kept</plugin.data>"));
  const json::object now = pipeline_of(*spec_of(changed));
  EXPECT_FALSE(now.contains("parameters"));
  EXPECT_FALSE(now.contains("disable_concurrent"));
  EXPECT_FALSE(now.contains("timer_trigger"));
  // A Jenkins user may have set these there; a spec without them has no opinion.
  EXPECT_TRUE(now.contains("discarder"));
  EXPECT_TRUE(now.contains("generic_webhook"));
  EXPECT_TRUE(now.contains("remote_trigger"));
  EXPECT_EQ(now.at("jenkinsfile").as_string(), "echo 1");
}

TEST(ConfigXml, FillsAnEmptyJob) {
  const std::string empty =
      "<?xml version='1.1' encoding='UTF-8'?>\n<flow-definition plugin=\"workflow-job@2.40\">\n"
      "  <keepDependencies>false</keepDependencies>\n  <properties/>\n  <triggers/>\n"
      "  <disabled>true</disabled>\n</flow-definition>";
  const std::string changed = *changed_config(empty, full_spec());
  EXPECT_TRUE(changed.starts_with("<?xml version='1.1' encoding='UTF-8'?>\n<flow-definition"));
  EXPECT_TRUE(changed.contains("<disabled>false</disabled>"));
  EXPECT_TRUE(changed.contains("<keepDependencies>false</keepDependencies>"));
  EXPECT_EQ(to_json(*spec_of(empty)), R"({"type":"pipeline","pipeline":{"name":""}})");
}

TEST(ConfigXml, RefusesWhatIsNoPipeline) {
  EXPECT_FALSE(spec_of("").ok());
  EXPECT_FALSE(spec_of("<a").ok());
  EXPECT_FALSE(spec_of("<folder/>").ok());
  EXPECT_FALSE(config_of(json::parse(R"({"type":"zzz"})")).ok());
  EXPECT_FALSE(config_of(json::parse(R"({"type":"pipeline"})")).ok());
  EXPECT_FALSE(config_of(nullptr).ok());
}

TEST(ConfigXml, BoundsDepthAndSize) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_EQ(spec_of(deep).error().code, Code::too_large);
  EXPECT_EQ(spec_of(std::string(9u << 20, 'x')).error().code, Code::too_large);
  // Comments, CDATA and attribute values are not depth.
  EXPECT_TRUE(
      spec_of("<flow-definition a='<>'><!-- <a><b> --><x><![CDATA[<a><b>]]></x></flow-definition>")
          .ok());
}

TEST(ConfigXml, RefusesDocumentTypesWithTheirEntities) {
  const std::string job = "<flow-definition><description>&e;</description></flow-definition>";
  for (const char* type :
       {"<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
        "<!-- a --><!doctype x [<!ENTITY a \"aaaa\"><!ENTITY e \"&a;&a;&a;\">]>",
        "<?xml version='1.1'?>\n<!DOCTYPE x SYSTEM \"http://127.0.0.1/x.dtd\">"}) {
    const Result<json::value> spec = spec_of(type + job);
    ASSERT_FALSE(spec.ok()) << type;
    EXPECT_EQ(spec.error().code, Code::invalid);
    EXPECT_TRUE(spec.error().message.contains("document type")) << spec.error().message;
    EXPECT_EQ(kind_of_config(type + job), JobKind::other);
  }
  // A text that speaks of one is none.
  EXPECT_TRUE(spec_of("<flow-definition><description><![CDATA[<!DOCTYPE x>]]></description>"
                      "</flow-definition>")
                  .ok());
}

TEST(ConfigXml, SwitchesAJobOffAndOn) {
  const std::string on = *config_of(full_spec());
  EXPECT_FALSE(is_disabled(on));
  const std::string off = *with_disabled(on, true);
  EXPECT_TRUE(is_disabled(off));
  EXPECT_EQ(*with_disabled(off, false), on);
  EXPECT_FALSE(with_disabled("<a", true).ok());
}

TEST(ConfigXml, KnowsKinds) {
  EXPECT_EQ(kind_of_config(*config_of(full_spec())), JobKind::pipeline);
  EXPECT_EQ(kind_of_config("<com.cloudbees.hudson.plugins.folder.Folder/>"), JobKind::folder);
  EXPECT_EQ(kind_of_config("?"), JobKind::other);
  EXPECT_EQ(kind_of_class("org.jenkinsci.plugins.workflow.job.WorkflowJob"), JobKind::pipeline);
}

}  // namespace
}  // namespace ks::jenkins
