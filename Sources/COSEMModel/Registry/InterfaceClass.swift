// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One version of a COSEM interface class as the Blue Book describes it.
public struct InterfaceClass: Hashable, Sendable {
    /// The class identifier, such as 3 for Register.
    public let id: UInt16
    /// The version of the class.
    public let version: UInt8
    /// The name, such as "Register".
    public let name: String
    /// Where the layout is known from; empty if no second source confirms it.
    public let sources: [String]
    /// The attributes in order of their index, the logical name first.
    public internal(set) var attributes: [AttributeModel]
    /// The methods in order of their index.
    public internal(set) var methods: [MethodModel]

    /// The attribute of that index, nil if the class has none.
    public func attribute(_ index: Int8) -> AttributeModel? {
        attributes.first { $0.index == index }
    }

    /// The attribute of that name, such as "scaler_unit".
    public func attribute(named name: String) -> AttributeModel? {
        attributes.first { $0.name == name }
    }

    /// The method of that index, nil if the class has none.
    public func method(_ index: Int8) -> MethodModel? {
        methods.first { $0.index == index }
    }

    /// The method of that name, such as "remote_disconnect".
    public func method(named name: String) -> MethodModel? {
        methods.first { $0.name == name }
    }
}

/// One attribute of an interface class.
public struct AttributeModel: Hashable, Sendable {
    /// The index, 1 for the logical name.
    public let index: Int8
    /// The name as in the Blue Book, such as "scaler_unit".
    public let name: String
    /// What its value looks like.
    public let shape: Shape
    /// Whether it is configuration that changes rarely.
    public let isStatic: Bool
}

/// One method of an interface class.
public struct MethodModel: Hashable, Sendable {
    /// The index, from 1.
    public let index: Int8
    /// The name as in the Blue Book, such as "remote_disconnect".
    public let name: String
    /// What its parameter looks like.
    public let parameter: Shape
}
