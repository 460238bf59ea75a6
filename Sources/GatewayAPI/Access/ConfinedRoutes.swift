// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import Jobs

/// Lets callers whose credentials are confined to some meters see no other one.
extension GatewayAPI {
    /// Operations over several meters whose handlers keep to those of the caller.
    private static let selfConfining: Set<String> = [
        "listMeters", "listReadings", "createJob", "listJobs", "createEventTicket",
    ]

    /// The routes, each of which looks first whether a confined caller may have its meter, and answers callers who may
    /// not ask meters from what is kept.
    ///
    /// Done here, over the whole table, so that a new route is closed to confined callers until somebody opens it.
    func confined(_ routes: [Route]) -> [Route] {
        routes.map { route in
            route.handled { request in
                do {
                    if let principal = request.identity.principal, principal.confinement != nil {
                        try await admit(principal, request)
                    }
                    return try await route.handler(request)
                } catch GatewayError.meterUnknown(let text) {
                    throw await unknownMeter(text, for: request)
                } catch GatewayError.notCached(let meter) where !request.identity.may(.readingsLive) {
                    throw GatewayError.liveReadNotAllowed(meter)
                }
            }
        }
    }

    /// The problem of a meter that there is not for the caller, with the nearest one that the caller may see.
    private func unknownMeter(_ text: String, for request: RoutedRequest) async -> Problem {
        var problem = Problem(GatewayError.meterUnknown(text: text), now: gateway.clock.now())
        guard request.identity.may(.metersRead), let labels = try? request.confinement() ?? LabelSelector(),
            let near = await gateway.meterLike(text, labels: labels)
        else { return problem }
        problem.suggest(near.text)
        return problem
    }

    private func admit(_ principal: Principal, _ request: RoutedRequest) async throws {
        let route = request.route
        if route.access == .open || route.access == .authenticated || Self.selfConfining.contains(route.name) { return }
        let path = route.pattern.text
        if path.hasPrefix("/meters/{id}"), route.access != .scope(.metersWrite) {
            return try await checkVisible(request.parameter("id"), to: request)
        }
        if path.hasPrefix("/jobs/{id}") {
            let id = request.parameter("id")
            guard try await gateway.job(id).specification.createdBy == principal.name else {
                throw GatewayError.jobUnknown(text: id)
            }
            return
        }
        throw Problem.confined
    }

    /// Refuses a meter that the caller may not see as one that does not exist.
    func checkVisible(_ meter: String, to request: RoutedRequest) async throws {
        guard let selector = try request.confinement() else { return }
        guard selector.matches(try await gateway.meter(meter).configuration.labels) else {
            throw GatewayError.meterUnknown(text: meter)
        }
    }

    /// A selection of meters without those that the caller may not see.
    ///
    /// - Throws: `meter-unknown` for one that is named.
    func confine(_ selection: TargetSelection, for request: RoutedRequest) async throws -> TargetSelection {
        guard let confinement = try request.confinement() else { return selection }
        switch selection {
        case .meters(let meters):
            for meter in meters { try await checkVisible(meter.text, to: request) }
            return selection
        case .selector(let selector):
            return .selector(LabelSelector(selector.requirements + confinement.requirements))
        case .group:
            throw Problem.confined
        }
    }
}

extension RoutedRequest {
    /// The labels of the meters that the caller is confined to; nil for all meters.
    func confinement() throws -> LabelSelector? {
        guard let text = identity.principal?.confinement else { return nil }
        // What cannot be read confines to nothing, not to everything.
        guard let selector = LabelSelector(text), !selector.requirements.isEmpty else { throw Problem.confined }
        return selector
    }
}

extension Problem {
    /// 403: the operation is about more than the meters that the caller is confined to.
    fileprivate static let confined = Problem(
        "insufficient-scope",
        status: 403,
        title: "The credentials do not allow this",
        detail: "The credentials are confined to some meters, and this is about others too.",
        hint: "Ask for one meter, or use a key that is not confined by labels."
    )
}
