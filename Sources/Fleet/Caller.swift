// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Who sent a request.
public struct Caller: Hashable, Sendable {
    /// The principal, such as `anonymous`.
    public var name: String
    /// The key it came with; nil for none.
    public var keyID: String?
    /// The address it came from; nil when that is not known.
    public var address: String?
    /// Whether the gateway knows that the name is true.
    public var isAuthenticated: Bool

    /// Makes a caller.
    public init(name: String, keyID: String? = nil, address: String? = nil, isAuthenticated: Bool = false) {
        self.name = name
        self.keyID = keyID
        self.address = address
        self.isAuthenticated = isAuthenticated
    }

    /// Somebody unknown at that address.
    public static func anonymous(at address: String?) -> Caller {
        Caller(name: "anonymous", address: address)
    }

    /// The gateway itself, for what it does by its own account.
    public static let gateway = Caller(name: "gateway", isAuthenticated: true)
}
