// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// A GET that is carried out by reading variables: what has no name fails here, the rest is asked for.
struct ReadPlan: Hashable, Sendable {
    /// The requests that have a name, packed as in a GET.
    private var plan: GetPlan
    /// The results of requests without a name, at their places.
    private let missing: [DataAccessResult?]

    init(_ requests: [AttributeRequest], streams: Bool, _ names: ShortNames) {
        var named: [AttributeRequest] = []
        missing = requests.map { request in
            switch names.access(request) {
            case .found:
                named.append(request)
                return nil
            case .missing(let reason): return reason
            }
        }
        plan = GetPlan(named, streams: streams && requests.count == 1)
    }

    /// Whether the value is handed over in parts.
    var streams: Bool { plan.streams }

    /// Whether the exchange in progress is a list.
    var asksForList: Bool { plan.asksForList }

    /// The results so far, one for each request once ``next(_:settings:_:)`` returns nothing.
    var response: [GetResult] {
        var read = plan.response.makeIterator()
        return missing.map { reason in
            if let reason { .failure(reason) } else { read.next() ?? .failure(.otherReason) }
        }
    }

    /// The names to read in the next exchange; none when everything was read.
    mutating func next(
        _ info: AssociationInfo,
        settings: AssociationSettings,
        _ names: ShortNames
    ) -> [VariableAccess] {
        plan.next(info, settings: settings).compactMap { request in
            if case .found(let variable) = names.access(request) { variable } else { nil }
        }
    }

    /// Takes the results of the exchange in progress.
    mutating func finished(_ results: [GetResult], _ info: inout AssociationInfo) {
        plan.finished(results, &info)
    }

    /// The server refused the list in progress.
    mutating func listRefused(_ info: inout AssociationInfo) {
        plan.listRefused(&info)
    }
}
