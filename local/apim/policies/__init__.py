"""The policies, one function for each: it takes the element and gives what runs."""

from collections.abc import Mapping

from local.apim.building import Build
from local.apim.policies import backend, caching, content, cors, flow, messages, telemetry, throttling, tokens

BUILD: Mapping[str, Build] = {
    "choose": flow.choose,
    "retry": flow.retry,
    "limit-concurrency": flow.limit_concurrency,
    "set-variable": messages.set_variable,
    "set-header": messages.set_header,
    "set-status": messages.set_status,
    "set-body": messages.set_body,
    "return-response": messages.return_response,
    "validate-azure-ad-token": tokens.validate_azure_ad_token,
    "validate-jwt": tokens.validate_jwt,
    "rate-limit-by-key": throttling.rate_limit_by_key,
    "cache-lookup": caching.cache_lookup,
    "cache-store": caching.cache_store,
    "cache-lookup-value": caching.cache_lookup_value,
    "cache-store-value": caching.cache_store_value,
    "cache-remove-value": caching.cache_remove_value,
    "authentication-managed-identity": backend.authentication_managed_identity,
    "set-backend-service": backend.set_backend_service,
    "rewrite-uri": backend.rewrite_uri,
    "forward-request": backend.forward_request,
    "cors": cors.cors,
    "validate-content": content.validate_content,
    "emit-metric": telemetry.emit_metric,
    "trace": telemetry.trace,
}
