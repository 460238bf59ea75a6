// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet

/// Keeps everything but orders from switching supply; stands before every request that changes a meter.
///
/// Refused are objects of class 70, and scripts, schedules, limiters, register monitors, arbitrators and calendars that
/// lead to one. What scripts there are is read at the meter each time; what cannot be read is refused.
struct SupplyGuard: Sendable {
    /// The disconnect control class.
    static let disconnectControl: UInt16 = 70
    private static let scriptTable: UInt16 = 9
    /// What it is called unless the meter's list says otherwise; whatever class a request names.
    private static let usualName = OBISCode(0, 0, 96, 3, 10, 255)
    /// Classes that run scripts, with the attributes that name them, and those whose writing changes when they run.
    private static let runners: [UInt16: [Int8]] = [10: [2], 21: [4], 22: [2], 68: [2], 71: [11]]
    private static let activityCalendar: UInt16 = 20
    /// The day profiles of the calendar in force and of the one to come.
    private static let dayProfiles: [Int8] = [5, 9]

    let exchange: MeterExchange
    let errand: MeterErrand

    private var memory: MeterMemory { errand.memory }

    /// Looks at everything in a request that changes something.
    ///
    /// - Throws: ``GatewayError/ordersOnly(_:)``, and what reading scripts throws.
    func check(_ service: ServiceRequest) async throws(GatewayError) {
        switch service {
        case .get, .text: break
        case .set(let writes): for write in writes { try await check(write) }
        case .unconfirmedSet(let write): try await check(write)
        case .action(let method, let parameter): try await check(method, parameter)
        case .actions(let invocations):
            for invocation in invocations { try await check(invocation.method, invocation.parameter) }
        case .access(let items, _):
            for item in items {
                switch item {
                case .get: break
                case .set(let write): try await check(write)
                case .action(let invocation): try await check(invocation.method, invocation.parameter)
                }
            }
        }
    }

    private func check(_ write: AttributeWrite) async throws(GatewayError) {
        let place = write.request.descriptor
        let target = target(place.classID, place.instanceID, .attribute(place.attributeID))
        guard !isDisconnector(place.classID, place.instanceID) else { throw .ordersOnly(target) }
        switch place.classID {
        case Self.scriptTable:
            guard !namesDisconnector(write.value) else { throw .ordersOnly(target) }
        case Self.activityCalendar:
            guard Self.dayProfiles.contains(place.attributeID) else { break }
            try await checkScripts(named: [write.value], target)
        default:
            guard let naming = Self.runners[place.classID] else { break }
            // A schedule, a threshold or a time that is changed may run the script that is named there now.
            let present = try await values(naming, of: place.classID, place.instanceID)
            try await checkScripts(named: present + [write.value], target)
        }
    }

    private func check(_ method: MethodDescriptor, _ parameter: DLMSData?) async throws(GatewayError) {
        let target = target(method.classID, method.instanceID, .method(method.methodID))
        guard !isDisconnector(method.classID, method.instanceID) else { throw .ordersOnly(target) }
        switch method.classID {
        case Self.scriptTable:
            guard try await isHarmless(method.instanceID, whenAbsent: false) else { throw .ordersOnly(target) }
        case Self.activityCalendar:
            let profiles = try await values([9], of: method.classID, method.instanceID)
            try await checkScripts(named: profiles, target)
        default:
            guard let naming = Self.runners[method.classID] else { break }
            let present = try await values(naming, of: method.classID, method.instanceID)
            try await checkScripts(named: present + [parameter ?? .nullData], target)
        }
    }

    /// Refuses when a script table that the values name leads to a disconnector, or cannot be read.
    private func checkScripts(named values: [DLMSData], _ target: ObjectTarget) async throws(GatewayError) {
        var names: Set<OBISCode> = []
        for value in values { Self.collectNames(in: value, &names) }
        for name in names.sorted(by: { $0.description < $1.description }) {
            guard name.octets != [0, 0, 0, 0, 0, 0], name.octets != [UInt8](repeating: 0xFF, count: 6) else { continue }
            guard !isDisconnector(Self.scriptTable, name), try await isHarmless(name, whenAbsent: true) else {
                throw .ordersOnly(target)
            }
        }
    }

    /// Whether no script of a table names a disconnector or another script table.
    private func isHarmless(_ table: OBISCode, whenAbsent: Bool) async throws(GatewayError) -> Bool {
        switch try await read(2, of: Self.scriptTable, table) {
        case .data(let octets):
            guard let scripts = try? DLMSData(octets: octets) else { return false }
            return !namesDisconnector(scripts)
        case .failure(.objectUndefined), .failure(.objectClassInconsistent): return whenAbsent
        case .failure: return false
        }
    }

    /// What an object's attributes hold; one that cannot be read is taken to name anything, and refused later.
    private func values(
        _ indexes: [Int8],
        of classID: UInt16,
        _ name: OBISCode
    ) async throws(GatewayError) -> [DLMSData] {
        var values: [DLMSData] = []
        for index in indexes {
            switch try await read(index, of: classID, name) {
            case .data(let octets):
                guard let value = try? DLMSData(octets: octets) else {
                    throw .ordersOnly(target(classID, name, .attribute(index)))
                }
                values.append(value)
            case .failure(.objectUndefined), .failure(.objectClassInconsistent): break
            case .failure: throw .ordersOnly(target(classID, name, .attribute(index)))
            }
        }
        return values
    }

    private func read(_ index: Int8, of classID: UInt16, _ name: OBISCode) async throws(GatewayError) -> GetResult {
        guard memory.text == nil else { return .failure(.objectUndefined) }
        let place = AttributeDescriptor(classID: classID, instanceID: name, attributeID: index)
        return try await exchange.send(.get([AttributeRequest(place)]), for: errand).values(of: 1)[0]
    }

    private func isDisconnector(_ classID: UInt16, _ name: OBISCode) -> Bool {
        classID == Self.disconnectControl || name == Self.usualName || disconnectors.contains(name)
    }

    /// Logical names of class 70 in any list that was read of the meter.
    private var disconnectors: Set<OBISCode> {
        var names: Set<OBISCode> = []
        for association in memory.record.configuration.associations.keys {
            for entry in memory.objectList(association)?.entries ?? [] where entry.classID == Self.disconnectControl {
                names.insert(entry.logicalName)
            }
        }
        return names
    }

    /// Whether an action in scripts names a disconnector, or another table of scripts, by class or by name.
    private func namesDisconnector(_ data: DLMSData) -> Bool {
        switch data {
        case .structure(let members):
            if members.count >= 3, case .longUnsigned(let classID) = members[1],
                classID == Self.disconnectControl || classID == Self.scriptTable
            {
                return true
            }
            return members.contains(where: namesDisconnector)
        case .array(let items): return items.contains(where: namesDisconnector)
        case .octetString(let octets): return Self.name(octets).map { isDisconnector(0, $0) } == true
        // No meter packs scripts so; what is not looked into is not trusted.
        case .compactArray: return true
        default: return false
        }
    }

    private static func collectNames(in data: DLMSData, _ names: inout Set<OBISCode>) {
        switch data {
        case .structure(let members): for member in members { collectNames(in: member, &names) }
        case .array(let items): for item in items { collectNames(in: item, &names) }
        case .octetString(let octets): if let name = name(octets) { names.insert(name) }
        default: break
        }
    }

    private static func name(_ octets: [UInt8]) -> OBISCode? {
        guard octets.count == 6 else { return nil }
        return OBISCode(octets[0], octets[1], octets[2], octets[3], octets[4], octets[5])
    }

    private func target(_ classID: UInt16, _ name: OBISCode, _ member: ObjectTarget.Member) -> ObjectTarget {
        ObjectTarget(meter: memory.id, object: name, classID: classID, member: member)
    }
}
