#pragma once

#include "store/api/strategy/strategy.h"

/// The rules of single kinds, as strategies.cc lists them.

namespace ks::store::rules {

Outcome<> prepare_namespace(json::value& object, const StrategyContext&);
Outcome<> update_namespace(json::value& next, const json::value& before, const StrategyContext&);

Outcome<> prepare_secret(json::value& object, const StrategyContext&);
Outcome<> update_secret(json::value& next, const json::value& before, const StrategyContext&);
void check_secret(const json::value& object, FieldErrors& errors);
void check_secret_change(const json::value& next, const json::value& before, FieldErrors& errors);
void check_config_map(const json::value& object, FieldErrors& errors);
void check_config_map_change(const json::value& next, const json::value& before,
                             FieldErrors& errors);

Outcome<> prepare_service(json::value& object, const StrategyContext&);
Outcome<> update_service(json::value& next, const json::value& before, const StrategyContext&);
void check_service(const json::value& object, FieldErrors& errors);
void check_service_change(const json::value& next, const json::value& before, FieldErrors& errors);

Outcome<> prepare_pod(json::value& object, const StrategyContext&);
Outcome<> update_pod(json::value& next, const json::value& before, const StrategyContext&);
void check_pod(const json::value& object, FieldErrors& errors);
void check_pod_change(const json::value& next, const json::value& before, FieldErrors& errors);
Outcome<> prepare_workload(json::value& object, const StrategyContext&);
void check_workload(const json::value& object, FieldErrors& errors);
void check_workload_change(const json::value& next, const json::value& before, FieldErrors& errors);
Outcome<> prepare_job(json::value& object, const StrategyContext&);
void check_job(const json::value& object, FieldErrors& errors);
void check_job_change(const json::value& next, const json::value& before, FieldErrors& errors);
void check_cron_job(const json::value& object, FieldErrors& errors);
void check_stateful_set_change(const json::value& next, const json::value& before,
                               FieldErrors& errors);
void check_claim(const json::value& object, FieldErrors& errors);
void check_claim_change(const json::value& next, const json::value& before, FieldErrors& errors);

void check_role(const json::value& object, FieldErrors& errors);
void check_binding(const json::value& object, FieldErrors& errors);
void check_binding_change(const json::value& next, const json::value& before, FieldErrors& errors);

void check_event(const json::value& object, FieldErrors& errors);
void check_lease(const json::value& object, FieldErrors& errors);

Outcome<> prepare_definition(json::value& object, const StrategyContext&);
Outcome<> update_definition(json::value& next, const json::value& before, const StrategyContext&);
void check_custom_definition(const json::value& object, FieldErrors& errors);
void check_definition_change(const json::value& next, const json::value& before,
                             FieldErrors& errors);

}  // namespace ks::store::rules
