// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import JSONText

extension JobOrder {
    /// The scopes that a caller needs to have the order carried out as a job: what one request for one meter would need,
    /// so that a job is no side door.
    var scopes: Set<Scope> {
        switch self {
        case .disconnector: [.disconnectorOperate]
        case .read, .profileRead, .gapRecovery, .discover: [.jobsWrite, .readingsLive]
        case .write(let commands, _): commands.reduce(into: [.jobsWrite]) { $0.formUnion($1.scopes) }
        case .invoke(let commands, _): commands.reduce(into: [.jobsWrite]) { $0.formUnion($1.scopes) }
        case .clockSync: [.jobsWrite, .clockWrite]
        case .firmware: [.jobsWrite, .firmwareWrite]
        case .keyChange, .secretChange: [.jobsWrite, .keysManage]
        case .bundle(let bundle): bundle.steps.reduce(into: [.jobsWrite]) { $0.formUnion($1.scopes) }
        }
    }
}

extension WriteCommand {
    /// The scopes that a caller needs for it.
    var scopes: Set<Scope> { GuardedObject.scopes(of: query.object, query.classID).union([.objectsWrite]) }
}

extension MethodCommand {
    /// The scopes that a caller needs for it.
    var scopes: Set<Scope> { GuardedObject.scopes(of: object, classID).union([.methodsInvoke]) }
}

/// Objects that a general scope is not enough for: what holds the keys of a meter, and its firmware.
enum GuardedObject {
    /// The further scopes for writing such an object or invoking its methods, by its class if the caller names it and by
    /// the logical name that the standard reserves for it (Blue Book, clause 6.2).
    static func scopes(of object: OBISCode, _ classID: UInt16?) -> Set<Scope> {
        switch classID {
        case 12, 15, 64: return [.keysManage]
        case 18: return [.firmwareWrite]
        default: break
        }
        guard object.a == 0, object.d == 0 || object.c == 44 else { return [] }
        switch object.c {
        // Associations, and the set-up of security.
        case 40, 43: return [.keysManage]
        // The transfer of images.
        case 44 where object.d == 0: return [.firmwareWrite]
        default: return []
        }
    }
}

extension GatewayAPI {
    /// Checks that the caller may do itself what a schedule is to do for it.
    func checkSchedule(_ configuration: ScheduleConfiguration?, _ request: RoutedRequest) async throws {
        // What does not make sense is refused for that.
        guard let configuration, let order = try? await gateway.order(of: configuration) else { return }
        for scope in order.scopes.subtracting([.jobsWrite]).sorted() { try request.require(scope) }
    }
}
