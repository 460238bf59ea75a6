// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec

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

    /// What the logical name stands for, nil if the catalogue does not know it.
    public var name: String? { OBISNames.standard.name(of: logicalName) }

    /// The class model, nil for a class that is not known.
    public var model: InterfaceClass? { InterfaceClassRegistry.standard.nearest(classID, version: version) }
}
