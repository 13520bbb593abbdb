#pragma once

#include "devops/kapis/shape.h"

namespace ks::devops::kapis {

/// What of Jenkins' answers v1alpha2 passes on (devops-api, section 6.2).
inline const ShapeCatalogue& relay_shapes() {
  static const ShapeCatalogue catalogue(R"(
Any = any
Link = {_class?: string, href?: string}
SelfLink = {self: Link}
Permissions = {create?: bool, configure?: bool, read?: bool, start?: bool, stop?: bool}
JPipeline = {annotations?: map, _class?: string,
  _links: {self: Link, scm: Link, branches: Link, actions: Link, runs: Link, trends: Link, queue: Link},
  actions?: [any], disabled?: any, displayName?: string, fullDisplayName?: string, fullName?: string,
  name?: string, organization?: string, parameters?: any, permissions: Permissions,
  estimatedDurationInMillis?: int, numberOfFolders?: int, numberOfPipelines?: int,
  pipelineFolderNames?: [any], weatherScore: int, branchNames?: [string],
  numberOfFailingBranches?: int, numberOfFailingPullRequests?: int, numberOfSuccessfulBranches?: int,
  numberOfSuccessfulPullRequests?: int, scmSource: {_class?: string, apiUrl?: any, id?: string},
  totalNumberOfBranches?: int, totalNumberOfPullRequests?: int}
RunLinks = {prevRun: Link, parent: Link, tests: Link, nodes: Link, log: Link, self: Link,
  blueTestSummary: Link, actions: Link, steps: Link, artifacts: Link}
Cause = {_class?: string, shortDescription?: string, userId?: string, userName?: string}
BareCause = {_class?: string, shortDescription?: string}
JRun = {_class?: string, _links: RunLinks, actions?: [any], artifactsZipFile?: any,
  causeOfBlockage?: any, causes?: [Cause], changeSet?: [any], description?: any,
  durationInMillis?: int, enQueueTime?: string, endTime?: string, estimatedDurationInMillis?: int,
  id?: string, name?: any, organization?: string, pipeline?: string, replayable?: bool,
  result?: string, runSummary?: string, startTime?: string, state?: string, type?: string,
  branch?: any, commitId?: any, commitUrl?: any, pullRequest?: any}
JRuns = [JRun]
CreatedLinks = {parent: Link, tests: Link, log: Link, self: Link, blueTestSummary: Link,
  actions: Link, artifacts: Link}
JRunCreated = {_class?: string, _links: CreatedLinks, actions?: [any], artifactsZipFile?: any,
  causeOfBlockage?: string, causes?: [Cause], changeSet?: [any], description?: any,
  durationInMillis?: any, enQueueTime?: any, endTime?: any, estimatedDurationInMillis?: any,
  id?: string, name?: any, organization?: string, pipeline?: string, replayable?: bool,
  result?: string, runSummary?: any, startTime?: any, state?: string, type?: string,
  queueId?: string}
BranchOf = {isPrimary?: bool, issues?: [any], url?: string}
StopLinks = {parent: Link, tests: Link, nodes: Link, log: Link, self: Link, blueTestSummary: Link,
  actions: Link, steps: Link, artifacts: Link}
JStop = {_class?: string, _links: StopLinks, actions?: [any], artifactsZipFile?: any,
  causeOfBlockage?: any, causes?: [BareCause], changeSet?: [any], description?: any,
  durationInMillis?: int, enQueueTime?: string, endTime?: string, estimatedDurationInMillis?: int,
  id?: string, name?: any, organization?: string, pipeline?: string, replayable?: bool,
  result?: string, runSummary?: string, startTime?: string, state?: string, type?: string,
  branch: BranchOf, commitId?: string, commitUrl?: any, pullRequest?: any}
JArtifact = {_class?: string, _links: SelfLink, downloadable?: bool, id?: string, name?: string,
  path?: string, size?: int, url?: string}
JArtifacts = [JArtifact]
Input = {_class?: string, _links?: {self?: Link}, id?: string, message?: string, ok?: string,
  parameters?: [any], submitter?: any}
NodeLinks = {self: Link, actions: Link, steps: Link}
JNode = {_class?: string, _links: NodeLinks, actions?: [any], displayDescription?: any,
  displayName?: string, durationInMillis?: int, id?: string, input?: Input, result?: string,
  startTime?: string, state?: string, type?: string, causeOfBlockage?: any, edges?: [any],
  firstParent?: any, restartable?: bool}
JNodes = [JNode]
StepAction = {_class?: string, _links: SelfLink, urlName?: string}
StepLinks = {self: Link, actions: Link}
BranchStep = {_class?: string, _links: StepLinks, actions?: [StepAction], displayDescription?: any,
  displayName?: string, durationInMillis?: int, id?: string, input?: Input, result?: string,
  startTime?: string, state?: string, type?: string}
Edge = {_class?: string, id?: string, type?: string}
JBranchNode = {_class?: string, _links: NodeLinks, actions?: [any], displayDescription?: any,
  displayName?: string, durationInMillis?: int, id?: string, input?: Input, result?: string,
  startTime?: string, state?: string, type?: string, causeOfBlockage?: any, edges?: [Edge],
  firstParent?: any, restartable?: bool, steps?: [BranchStep]}
JBranchNodes = [JBranchNode]
JStep = {_class?: string, _links: StepLinks, actions?: [StepAction], displayDescription?: string,
  displayName?: string, durationInMillis?: int, id?: string, input?: Input, result?: string,
  startTime?: string, state?: string, type?: string, aprovable: bool}
JSteps = [JStep]
LatestRun = {_class?: string, _links: {prevRun: Link, parent: Link, tests: Link, log: Link,
  self: Link, blueTestSummary: Link, actions: Link, artifacts: Link}, actions?: [any],
  artifactsZipFile?: string, causeOfBlockage?: any, causes?: [Cause], changeSet?: [any],
  description?: any, durationInMillis?: int, enQueueTime?: string, endTime?: string,
  estimatedDurationInMillis?: int, id?: string, name?: any, organization?: string,
  pipeline?: string, replayable?: bool, result?: string, runSummary?: string, startTime?: string,
  state?: string, type?: string}
DefaultValue = {_class?: string, name?: string, value?: any}
ChoiceParameter = {_class?: string, defaultParameterValue: DefaultValue, description?: string,
  name?: string, type?: string, choices?: [any]}
BranchLinks = {self: Link, scm: Link, actions: Link, runs: Link, trends: Link, queue: Link}
JBranchPipeline = {_class?: string, _links: BranchLinks, actions?: [any], disabled?: bool,
  displayName?: string, estimatedDurationInMillis?: int, fullDisplayName?: string,
  fullName?: string, latestRun: LatestRun, name?: string, organization?: string,
  parameters?: [ChoiceParameter], permissions: Permissions, weatherScore?: int, branch: BranchOf}
JBranchItem = {_class?: string, _links: BranchLinks, actions?: [any], disabled?: bool,
  displayName?: string, estimatedDurationInMillis?: int, fullDisplayName?: string,
  fullName?: string, latestRun: LatestRun, name?: string, organization?: string,
  parameters?: [ChoiceParameter], permissions: Permissions, weatherScore?: int, branch: BranchOf,
  pullRequest: {author?: string, id?: string, title?: string, url?: string}}
JBranchItems = [JBranchItem]
JScmOrg = {_class?: string, _links: {repositories: Link, self: Link}, avatar?: string, key?: string,
  jenkinsOrganizationPipeline?: bool, name?: string}
JScmOrgs = [JScmOrg]
ScmServer = {_class?: string, _links: SelfLink, id?: string, name?: string, apiUrl?: string}
ScmServers = [ScmServer]
Repository = {_class?: string, _links: SelfLink, defaultBranch?: string, description?: string,
  name?: string, permissions: {admin?: bool, push?: bool, pull?: bool}, private?: bool,
  fullName?: string}
JOrgRepo = {_class?: string, _links: SelfLink, repositories: {_class?: string, _links: SelfLink,
  items?: [Repository], lastPage?: any, nextPage?: any, pageSize?: int}}
Validates = {credentialId?: string}
Crumb = {_class?: string, crumb?: string, crumbRequestField?: string}
CheckScript = {column?: int, line?: int, message?: string, status?: string}
Fingerprint = {file_name?: string, hash?: string,
  usage?: [{name?: string, ranges: {ranges?: [{start?: int, end?: int}]}}]}
Credential = {id: string, type: string, display_name?: string, fingerprint?: Fingerprint,
  description?: string, domain?: string}
)");
  return catalogue;
}

}  // namespace ks::devops::kapis
