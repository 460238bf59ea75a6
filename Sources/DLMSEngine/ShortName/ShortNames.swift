// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The short names that an association uses, and how far they can be trusted.
struct ShortNames: Hashable, Sendable {
    /// Where the names come from.
    enum Origin: Hashable, Sendable {
        /// Read in this association.
        case read
        /// Read earlier; the server may have changed since.
        case known
        /// The special ones, because the server did not give its list for this reason.
        case special(DataAccessResult)
    }

    /// What is found under a logical name.
    enum Lookup<Found> {
        case found(Found)
        case missing(DataAccessResult)
    }

    /// The names, nil until they are needed.
    private(set) var directory: ShortNameDirectory?
    private var origin = Origin.known
    /// The base names of objects whose logical name was compared.
    private var confirmed: Set<UInt16> = []
    private var refuted: Set<UInt16> = []
    private let methods: ShortNameMethods

    init(_ settings: ShortNameSettings) {
        directory = settings.known
        methods = settings.methods
    }

    /// What may be kept for the next association.
    var forLater: ShortNameDirectory? {
        if case .special = origin { nil } else { directory }
    }

    /// The list came.
    mutating func listed(_ directory: ShortNameDirectory) {
        self.directory = directory
        origin = .read
    }

    /// The server does not give its list.
    mutating func listRefused(_ reason: DataAccessResult) {
        directory = .special
        origin = .special(reason)
    }

    /// The logical names of objects were read: names from earlier of which one is wrong are dropped as a whole.
    mutating func compared(_ objects: [ShortNameDirectory.Object], _ names: [GetResult]) {
        for (object, name) in zip(objects, names) {
            if case .data(let octets) = name, octets == DLMSData.octetString(object.logicalName.octets).octets {
                confirmed.insert(object.baseName)
            } else {
                refuted.insert(object.baseName)
            }
        }
        guard !refuted.isEmpty, origin == .known else { return }
        directory = nil
        confirmed = []
        refuted = []
    }

    /// Which of the objects have to be checked by their logical names before they are used.
    func doubtful(_ objects: [(classID: UInt16, logicalName: OBISCode)]) -> [ShortNameDirectory.Object] {
        guard origin != .read else { return [] }
        var seen: Set<UInt16> = []
        return objects.compactMap { wanted in
            guard case .found(let object) = object(wanted.classID, wanted.logicalName) else { return nil }
            return isTrusted(object) || refuted.contains(object.baseName) || !seen.insert(object.baseName).inserted
                ? nil : object
        }
    }

    /// The name of an attribute, or why it has none; the object has to be checked before.
    func access(_ request: AttributeRequest) -> Lookup<VariableAccess> {
        let descriptor = request.descriptor
        switch object(descriptor.classID, descriptor.instanceID) {
        case .missing(let reason): return .missing(reason)
        case .found(let object):
            guard isTrusted(object), let name = object.name(ofAttribute: descriptor.attributeID) else {
                return .missing(.objectUndefined)
            }
            guard let selection = request.selectiveAccess else { return .found(.variableName(name)) }
            return .found(.parameterizedAccess(name, selector: selection.selector, parameter: selection.parameters))
        }
    }

    /// The class with the version of an object whose methods have no known names; nil if they have, or there is no object.
    func unnamed(_ method: MethodDescriptor) -> ShortNameMethods.ClassVersion? {
        guard case .found(let object) = object(method.classID, method.instanceID),
            methods.name(ofMethod: 1, of: object) == nil
        else { return nil }
        return ShortNameMethods.ClassVersion(object.classID, version: object.version)
    }

    /// The name of a method with whether it returns something, or why it has none; the object has to be checked before.
    func access(_ method: MethodDescriptor) -> Lookup<(name: UInt16, returns: Bool)> {
        switch object(method.classID, method.instanceID) {
        case .missing(let reason): return .missing(reason)
        case .found(let object):
            guard isTrusted(object), let name = methods.name(ofMethod: method.methodID, of: object) else {
                return .missing(.objectUndefined)
            }
            return .found((name, ShortNameMethods.returns(method.methodID, of: object)))
        }
    }

    private func object(_ classID: UInt16, _ logicalName: OBISCode) -> Lookup<ShortNameDirectory.Object> {
        let current = ShortNameDirectory.currentAssociation
        if logicalName == current.logicalName {
            // An association that uses short names has no object of class 15.
            guard classID == current.classID else { return .missing(.objectClassInconsistent) }
            return .found(directory?.object(classID, logicalName) ?? current)
        }
        if let object = directory?.object(classID, logicalName) { return .found(object) }
        if case .special(let reason) = origin { return .missing(reason) }
        return .missing(directory?.contains(logicalName) == true ? .objectClassInconsistent : .objectUndefined)
    }

    private func isTrusted(_ object: ShortNameDirectory.Object) -> Bool {
        origin == .read || object.baseName == ShortNameDirectory.currentAssociation.baseName
            || confirmed.contains(object.baseName)
    }
}
