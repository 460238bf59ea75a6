// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The members of one JSON object in their order, each name once.
public struct JSONObject: Hashable, Sendable {
    /// One member: a name and its value.
    public struct Member: Hashable, Sendable {
        /// The name, unescaped.
        public let name: String
        /// The value.
        public var value: JSONValue

        /// Makes a member.
        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The members in their order.
    public private(set) var members: [Member]

    /// Makes an empty object.
    public init() {
        members = []
    }

    /// Makes an object of members; nil if a name comes twice.
    public init?(_ members: [Member]) {
        guard Set(members.map(\.name)).count == members.count else { return nil }
        self.members = members
    }

    /// For the reader, which has checked that no name comes twice.
    init(distinct members: [Member]) {
        self.members = members
    }

    /// The value of a member, nil if there is none; setting replaces in place, appends, or (nil) removes.
    public subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let place = members.firstIndex { $0.name == name }
            switch (place, newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): members.remove(at: place)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    /// The names in their order.
    public var names: [String] { members.map(\.name) }
}
