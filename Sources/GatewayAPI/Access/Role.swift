// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import HTTPKit

/// A named set of scopes.
public enum Role: String, CaseIterable, Hashable, Sendable {
    /// Sees what is stored, changes nothing.
    case viewer
    /// Runs the daily work: reads meters, makes jobs and schedules, sets clocks.
    case operator_ = "operator"
    /// Cuts supply, gives it back, and confirms what others ordered.
    case switcher
    /// Connects meters and other systems.
    case integrator
    /// Everything.
    case admin

    /// The scopes of the role.
    public var scopes: Set<Scope> {
        let seeing: Set<Scope> = [.metersRead, .readingsRead, .eventsRead, .jobsRead, .schedulesRead, .metricsRead]
        switch self {
        case .viewer: return seeing
        case .operator_:
            return seeing.union([.readingsLive, .jobsWrite, .schedulesWrite, .clockWrite, .traceRead])
        case .switcher:
            return seeing.union([.readingsLive, .disconnectorOperate, .disconnectorConfirm])
        case .integrator:
            return seeing.union([
                .readingsLive, .metersWrite, .objectsWrite, .methodsInvoke, .jobsWrite, .schedulesWrite,
                .webhooksWrite, .traceRead,
            ])
        case .admin: return [.admin]
        }
    }
}

extension APIKeyGrant {
    /// The scopes that the grant comes to; words that are not known count for nothing.
    public var allScopes: Set<Scope> {
        roles.compactMap(Role.init).reduce(into: Set(scopes.compactMap(Scope.init))) { $0.formUnion($1.scopes) }
    }
}
