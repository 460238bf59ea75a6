// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// One object that an association shows, with what it may do there.
public struct ObjectListEntry: Hashable, Sendable {
    /// An attribute and the access to it.
    public struct Attribute: Hashable, Sendable {
        /// The index.
        public let index: Int8
        /// What the association may do.
        public let access: AttributeAccess
        /// The selective access selectors the meter offers; empty if none are listed.
        public let selectors: [UInt8]
    }

    /// A method and the access to it.
    public struct Method: Hashable, Sendable {
        /// The index.
        public let index: Int8
        /// Whether the association may invoke it.
        public let access: MethodAccess
    }

    /// The interface class.
    public let classID: UInt16
    /// The version of the interface class.
    public let version: UInt8
    /// The object's name.
    public let logicalName: OBISCode
    /// The base name for short-name referencing, nil when referenced by logical name.
    public let shortName: UInt16?
    /// The attributes with access rights; empty if the list carries none.
    public let attributes: [Attribute]
    /// The methods with access rights; empty if the list carries none.
    public let methods: [Method]

    /// The access to an attribute, nil if the list says nothing about it.
    public func access(toAttribute index: Int8) -> AttributeAccess? {
        attributes.first { $0.index == index }?.access
    }

    /// The access to a method, nil if the list says nothing about it.
    public func access(toMethod index: Int8) -> MethodAccess? {
        methods.first { $0.index == index }?.access
    }
}
