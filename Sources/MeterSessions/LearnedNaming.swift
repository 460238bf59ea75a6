// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import MeterTransport

/// How objects are named in an association of a meter, as it turned out when the association was last open.
struct LearnedNaming: Hashable, Sendable {
    /// The revision of the route with which it was learned.
    var revision: Int
    /// Whether the association uses short names.
    var usesShortNames: Bool
    /// The short names, if they were read.
    var shortNames: ShortNameDirectory?

    /// Settings that make use of what was learned.
    func applied(to settings: AssociationSettings) -> AssociationSettings {
        var settings = settings
        if settings.referencing == .automatic, usesShortNames { settings.referencing = .shortName }
        settings.shortNames.known = shortNames ?? settings.shortNames.known
        return settings
    }
}

extension PendingWork {
    /// The settings for the first attempt to connect.
    func settings(after naming: LearnedNaming?) -> AssociationSettings {
        guard let naming, naming.revision == route.revision else { return settings }
        return naming.applied(to: settings)
    }

    /// The settings for another attempt after one that failed because of the way in which objects were to be named.
    func settings(after error: TransportError, _ tried: AssociationSettings) -> AssociationSettings? {
        guard settings.referencing == .automatic, case .engine(let reason) = error.reason else { return nil }
        var next = settings
        switch (reason, tried.referencing) {
        case (.shortNamesOnly, .automatic):
            // Logical names were refused on a connection that is no use any more.
            next.referencing = .shortName
            return next
        case (.associationRejected(_, .applicationContextNameNotSupported, _), .shortName):
            // The meter was changed for one that speaks logical names.
            return next
        default: return nil
        }
    }
}
