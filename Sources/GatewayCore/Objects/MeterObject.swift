// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec
import Fleet

/// An object of a meter, with what is known about its class.
public struct MeterObject: Hashable, Sendable {
    /// The logical name.
    public let logicalName: OBISCode
    /// The interface class.
    public let classID: UInt16
    /// The version of the class; nil when no object list told it.
    public let version: UInt8?

    /// Names an object.
    public init(logicalName: OBISCode, classID: UInt16, version: UInt8?) {
        self.logicalName = logicalName
        self.classID = classID
        self.version = version
    }

    /// One of its attributes on the line.
    func attribute(_ index: Int8) -> AttributeDescriptor {
        AttributeDescriptor(classID: classID, instanceID: logicalName, attributeID: index)
    }

    /// One of its methods on the line.
    func method(_ index: Int8) -> MethodDescriptor {
        MethodDescriptor(classID: classID, instanceID: logicalName, methodID: index)
    }

    /// One of its attributes or methods as errors name it.
    func target(_ member: ObjectTarget.Member, of meter: MeterID) -> ObjectTarget {
        ObjectTarget(meter: meter, object: logicalName, classID: classID, member: member)
    }

    /// What the logical name stands for, nil if the catalogue does not know it.
    public var name: String? { OBISNames.standard.name(of: logicalName) }

    /// The class model, nil for a class that is not known.
    public var model: InterfaceClass? { InterfaceClassRegistry.standard.nearest(classID, version: version) }
}
