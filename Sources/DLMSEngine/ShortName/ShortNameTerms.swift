// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// On what terms a server lets a client use short names.
public struct ShortNameTerms: Hashable, Sendable {
    /// The names of all objects, whether the client may see them or not, so that they are the same for every client.
    public var directory: ShortNameDirectory
    /// The services the server has; the association gets those that the client proposes, too.
    public var conformance: Conformance
    /// Where methods begin.
    public var methods: ShortNameMethods

    /// Terms with everything the engine can do allowed.
    public init(
        directory: ShortNameDirectory,
        conformance: Conformance = ShortNameSettings.standardConformance,
        methods: ShortNameMethods = .standard
    ) {
        self.directory = directory
        self.conformance = conformance
        self.methods = methods
    }
}

extension ShortNameDirectory {
    /// An object that is to get a base name.
    public struct NamelessObject: Hashable, Sendable {
        /// The interface class.
        public var classID: UInt16
        /// The version of the class.
        public var version: UInt8
        /// The logical name.
        public var logicalName: OBISCode
        /// The highest index of its attributes.
        public var attributeCount: Int8

        /// Describes an object.
        public init(classID: UInt16, version: UInt8, logicalName: OBISCode, attributeCount: Int8) {
            self.classID = classID
            self.version = version
            self.logicalName = logicalName
            self.attributeCount = attributeCount
        }
    }

    /// Gives base names to objects in their order, multiples of 8 with room for all attributes and methods.
    ///
    /// Objects with special names get those; the association with logical names is replaced by one with short names,
    /// whose access modes have the same coding. Objects for which no names are left are left out.
    public init(assigning objects: [NamelessObject], methods: ShortNameMethods = .standard) {
        var named: [Object] = []
        var next: UInt16 = 0x0100
        for object in objects {
            var extent = max(
                8 * UInt16(max(object.attributeCount, 1)),
                ShortNameMethods.extent(object.classID, version: object.version)
            )
            if methods != .standard { extent += 0x40 }
            if object.logicalName == Self.currentAssociation.logicalName {
                guard object.classID == 15 else { continue }
                var association = Self.currentAssociation
                association.version = object.version >= 3 ? 4 : 2
                named.append(association)
            } else if let special = Self.special.object(object.classID, object.logicalName) {
                named.append(
                    Object(
                        classID: object.classID,
                        version: object.version,
                        logicalName: object.logicalName,
                        baseName: special.baseName
                    )
                )
            } else if next <= Self.currentAssociation.baseName - extent {
                named.append(
                    Object(
                        classID: object.classID,
                        version: object.version,
                        logicalName: object.logicalName,
                        baseName: next
                    )
                )
                next += extent
            }
        }
        self.init(named)
    }
}
