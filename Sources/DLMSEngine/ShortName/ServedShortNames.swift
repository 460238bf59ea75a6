// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The objects of a server by their short names, as one client sees them.
struct ServedShortNames {
    let terms: ShortNameTerms
    let client: ServedClient
    let objects: any ObjectServer

    /// Reads a variable, or invokes a method that is given a parameter.
    ///
    /// Reading the name of a method without a parameter invokes nothing, because clients read whatever they find.
    func read(_ name: UInt16, selection: SelectiveAccess?) -> GetResult {
        switch terms.directory.target(of: name, methods: terms.methods) {
        case nil: return .failure(.objectUndefined)
        case .attribute(let descriptor):
            return read(AttributeRequest(descriptor, selectiveAccess: selection))
        case .method(let method):
            guard let selection else { return .failure(.readWriteDenied) }
            let outcome = invoke(method, selection.parameters)
            guard outcome.result == .success else {
                return .failure(DataAccessResult(rawValue: outcome.result.rawValue))
            }
            return outcome.returned ?? .data(DLMSData.nullData.octets)
        }
    }

    /// Writes a variable, or invokes a method; what that returns is lost.
    func write(_ name: UInt16, selection: SelectiveAccess?, _ value: DLMSData) -> DataAccessResult {
        switch terms.directory.target(of: name, methods: terms.methods) {
        case nil: return .objectUndefined
        case .attribute(let descriptor):
            guard !isAssociation(descriptor) else { return .readWriteDenied }
            return objects.set(AttributeRequest(descriptor, selectiveAccess: selection), to: value, for: client)
        case .method(let method):
            return DataAccessResult(rawValue: invoke(method, value).result.rawValue)
        }
    }

    /// Invokes a method; those of the association are what its counterpart with logical names has.
    private func invoke(_ method: MethodDescriptor, _ data: DLMSData) -> ActionOutcome {
        let current = ShortNameDirectory.currentAssociation
        guard method.classID == current.classID, method.instanceID == current.logicalName else {
            return objects.invoke(method, parameter: data == .nullData ? nil : data, for: client)
        }
        switch method.methodID {
        // change_LLS_secret writes the password.
        case 5:
            let result = objects.set(AttributeRequest(Self.logicalNameAssociation(7)), to: data, for: client)
            return ActionOutcome(writing: result)
        // change_HLS_secret is method 2 of class 15.
        case 6:
            let change = MethodDescriptor(classID: 15, instanceID: current.logicalName, methodID: 2)
            return objects.invoke(change, parameter: data, for: client)
        default: return ActionOutcome(result: .objectUndefined)
        }
    }

    private func isAssociation(_ descriptor: AttributeDescriptor) -> Bool {
        let current = ShortNameDirectory.currentAssociation
        return descriptor.classID == current.classID && descriptor.instanceID == current.logicalName
    }

    private func read(_ request: AttributeRequest) -> GetResult {
        guard isAssociation(request.descriptor) else { return objects.get(request, for: client) }
        guard request.selectiveAccess == nil else { return .failure(.scopeOfAccessViolated) }
        switch request.descriptor.attributeID {
        case 1: return .data(DLMSData.octetString(request.descriptor.instanceID.octets).octets)
        case 2: return association { list, directory in list.compactMap { $0.listEntry(directory) } }
        case 3: return association { list, directory in list.compactMap { $0.accessRights(directory) } }
        // security_setup_reference, which is attribute 9 of the association with logical names.
        case 4: return objects.get(AttributeRequest(Self.logicalNameAssociation(9)), for: client)
        default: return .failure(.objectUndefined)
        }
    }

    private static func logicalNameAssociation(_ attributeID: Int8) -> AttributeDescriptor {
        AttributeDescriptor(
            classID: 15,
            instanceID: ShortNameDirectory.currentAssociation.logicalName,
            attributeID: attributeID
        )
    }

    /// What the objects that the client may see add up to.
    private func association(_ elements: ([ListedObject], ShortNameDirectory) -> [DLMSData]) -> GetResult {
        let result = objects.get(AttributeRequest(Self.logicalNameAssociation(2)), for: client)
        guard case .data(let octets) = result, case .array(let list)? = try? DLMSData(octets: octets) else {
            return .failure(.objectUnavailable)
        }
        return .data(DLMSData.array(elements(list.compactMap { ListedObject($0) }, terms.directory)).octets)
    }
}

/// An element of the object list of an association with logical names.
private struct ListedObject {
    let classID: UInt16
    let logicalName: OBISCode
    let attributes: DLMSData
    let methods: DLMSData

    init?(_ element: DLMSData) {
        guard case .structure(let members) = element, members.count == 4, case .longUnsigned(let classID) = members[0],
            case .octetString(let name) = members[2], let logicalName = try? OBISCode(octets: name),
            case .structure(let rights) = members[3], rights.count == 2
        else { return nil }
        self.classID = classID
        self.logicalName = logicalName
        attributes = rights[0]
        methods = rights[1]
    }

    /// Base name, class, version and logical name; nil for an object without a short name.
    func listEntry(_ directory: ShortNameDirectory) -> DLMSData? {
        object(directory).map { object in
            .structure([
                .long(Int16(bitPattern: object.baseName)), .longUnsigned(object.classID), .unsigned(object.version),
                .octetString(object.logicalName.octets),
            ])
        }
    }

    /// Base name, rights of the attributes and rights of the methods; nil for an object without a short name.
    func accessRights(_ directory: ShortNameDirectory) -> DLMSData? {
        object(directory).map { object in
            let baseName = DLMSData.long(Int16(bitPattern: object.baseName))
            guard object.classID == 12 else { return .structure([baseName, attributes, methods]) }
            let readable = (1...4).map { index in
                DLMSData.structure([.integer(Int8(index)), .enumeration(1), .nullData])
            }
            let reply = DLMSData.structure([.integer(8), .enumeration(1)])
            return .structure([baseName, .array(readable), .array([reply])])
        }
    }

    private func object(_ directory: ShortNameDirectory) -> ShortNameDirectory.Object? {
        let current = ShortNameDirectory.currentAssociation
        let isAssociation = classID == 15 && logicalName == current.logicalName
        return directory.object(isAssociation ? current.classID : classID, logicalName)
    }
}
