// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import JSONText

/// Finds the object and the attribute or method that a caller means.
struct AttributeResolver: Sendable {
    /// An attribute or method found.
    struct Found: Hashable, Sendable {
        let object: MeterObject
        let index: Int8
        /// What the object list says of the object, nil without a list.
        let entry: ObjectListEntry?
    }

    let memory: MeterMemory
    /// The object list, nil if the meter does not give one.
    let list: ListedObjects?

    /// The object with that logical name.
    ///
    /// - Throws: ``GatewayError/objectUndefined(_:_:)``, ``GatewayError/ambiguousObject(_:classes:)``,
    ///   ``GatewayError/objectClassInconsistent(_:_:)``.
    func object(_ logicalName: OBISCode, classID: UInt16?) throws(GatewayError) -> (MeterObject, ObjectListEntry?) {
        let entries = list?.entries(logicalName) ?? []
        let target = ObjectTarget(meter: memory.id, object: logicalName, classID: classID)
        guard let classID else {
            guard let first = entries.first else { throw .objectUndefined(target, nil) }
            guard entries.count == 1 else { throw .ambiguousObject(target, classes: entries.map(\.classID).sorted()) }
            return (Self.object(first), first)
        }
        if let entry = entries.first(where: { $0.classID == classID }) { return (Self.object(entry), entry) }
        if list != nil {
            throw entries.isEmpty ? .objectUndefined(target, nil) : .objectClassInconsistent(target, nil)
        }
        let version = memory.version(of: logicalName, classID: classID)
        return (MeterObject(logicalName: logicalName, classID: classID, version: version), nil)
    }

    /// The attribute that a caller means.
    func attribute(_ query: AttributeQuery) throws(GatewayError) -> Found {
        let (object, entry) = try object(query.object, classID: query.classID)
        switch query.attribute {
        case .index(let index): return Found(object: object, index: index, entry: entry)
        case .name(let name):
            guard let model = object.model?.attribute(named: name) else {
                throw .attributeUndefined(
                    ObjectTarget(meter: memory.id, object: object.logicalName, classID: object.classID),
                    name: name,
                    suggestion: nearest(name, in: object.model?.attributes.map(\.name) ?? [])
                )
            }
            return Found(object: object, index: model.index, entry: entry)
        }
    }

    /// The method that a caller means.
    func method(_ name: MemberName, of logicalName: OBISCode, classID: UInt16?) throws(GatewayError) -> Found {
        let (object, entry) = try object(logicalName, classID: classID)
        switch name {
        case .index(let index): return Found(object: object, index: index, entry: entry)
        case .name(let name):
            guard let model = object.model?.method(named: name) else {
                throw .attributeUndefined(
                    ObjectTarget(meter: memory.id, object: object.logicalName, classID: object.classID),
                    name: name,
                    suggestion: nearest(name, in: object.model?.methods.map(\.name) ?? [])
                )
            }
            return Found(object: object, index: model.index, entry: entry)
        }
    }

    private static func object(_ entry: ObjectListEntry) -> MeterObject {
        MeterObject(logicalName: entry.logicalName, classID: entry.classID, version: entry.version)
    }
}
