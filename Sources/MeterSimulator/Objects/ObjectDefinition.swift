// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine

/// Who may see an attribute.
enum Audience: Int, Comparable, Sendable {
    /// Anybody, the public client included.
    case everyone = 0
    /// Clients with a password.
    case readers
    /// The manager only.
    case managers
    /// Nobody.
    case nobody

    static func < (left: Audience, right: Audience) -> Bool { left.rawValue < right.rawValue }
}

/// One attribute of a simulated object.
struct AttributeDefinition: Sendable {
    let index: Int8
    var audience = Audience.readers
    /// Makes the value of an instant.
    let read: @Sendable (MeterSnapshot) -> DLMSData
    /// Takes a value that was written; nil if it cannot be written.
    var write: (@Sendable (inout MeterState, DLMSData, MeterSnapshot) -> DataAccessResult)?

    /// An attribute that is read only.
    static func value(
        _ index: Int8,
        _ audience: Audience = .readers,
        _ read: @escaping @Sendable (MeterSnapshot) -> DLMSData
    ) -> AttributeDefinition {
        AttributeDefinition(index: index, audience: audience, read: read)
    }

    /// An attribute that never changes.
    static func constant(_ index: Int8, _ data: DLMSData, _ audience: Audience = .readers) -> AttributeDefinition {
        AttributeDefinition(index: index, audience: audience, read: { _ in data })
    }

    /// An attribute that keeps what the manager writes, if it has the type of its first value.
    static func kept(
        _ index: Int8,
        of object: (classID: UInt16, name: OBISCode),
        first: DLMSData
    ) -> AttributeDefinition {
        let key = AttributeDescriptor(classID: object.classID, instanceID: object.name, attributeID: index)
        return AttributeDefinition(
            index: index,
            read: { $0.state.written[key] ?? first },
            write: { state, data, _ in
                guard data.dataTag == first.dataTag, data.octets.count <= 1024 else { return .typeUnmatched }
                state.written[key] = data
                state.configurationChanges &+= 1
                return .success
            }
        )
    }
}

/// One method of a simulated object; only the manager may invoke it.
struct MethodDefinition: Sendable {
    let index: Int8
    let invoke: @Sendable (inout MeterState, DLMSData?, MeterSnapshot) -> ActionOutcome

    /// A method that returns nothing.
    init(index: Int8, invoke: @escaping @Sendable (inout MeterState, DLMSData?, MeterSnapshot) -> ActionResult) {
        self.index = index
        self.invoke = { ActionOutcome(result: invoke(&$0, $1, $2)) }
    }

    /// A method that returns data.
    init(
        returning index: Int8,
        invoke: @escaping @Sendable (inout MeterState, DLMSData?, MeterSnapshot) -> ActionOutcome
    ) {
        self.index = index
        self.invoke = invoke
    }
}

/// One object of a simulated meter.
struct ObjectDefinition: Sendable {
    let classID: UInt16
    let version: UInt8
    let logicalName: OBISCode
    let attributes: [AttributeDefinition]
    var methods: [MethodDefinition] = []
    /// Makes the rows of attribute 2, if the object is a profile.
    var profile: ProfileDefinition?

    /// An object whose logical name everybody who sees the object may read.
    init(
        _ classID: UInt16,
        version: UInt8 = 0,
        _ logicalName: OBISCode,
        _ attributes: [AttributeDefinition],
        methods: [MethodDefinition] = [],
        profile: ProfileDefinition? = nil
    ) {
        self.classID = classID
        self.version = version
        self.logicalName = logicalName
        let audience = attributes.map(\.audience).filter { $0 != .nobody }.min() ?? .readers
        let name = AttributeDefinition.constant(1, .octetString(logicalName.octets), audience)
        self.attributes = [name] + attributes
        self.methods = methods
        self.profile = profile
    }

    func attribute(_ index: Int8) -> AttributeDefinition? {
        attributes.first { $0.index == index }
    }
}
