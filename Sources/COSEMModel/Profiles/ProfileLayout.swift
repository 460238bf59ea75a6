// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// One column of a profile and what it is to readers of its rows.
public struct ProfileColumn: Hashable, Sendable {
    /// What part a column plays in a row.
    public enum Role: Hashable, Sendable {
        /// The time stamp of the row.
        case time
        /// The status word of the row.
        case status
        /// A captured value.
        case value
    }

    /// What is captured.
    public let capture: CaptureObject
    /// What part it plays.
    public let role: Role
    /// Scaler and unit of the captured object, nil if it has none or they could not be had.
    public let scalerUnit: ScalerUnit?

    /// The name in answers: "time", "status", or code and attribute.
    public var key: String {
        switch role {
        case .time: "time"
        case .status: "status"
        case .value: capture.key
        }
    }

    /// A readable name of the captured object, nil if none is known.
    public var name: String? { OBISNames.standard.name(of: capture.logicalName) }

    /// The name that the class model gives to the captured element of a structure; nil for a whole attribute.
    public var elementName: String? {
        guard capture.dataIndex > 0,
            let attribute = InterfaceClassRegistry.standard.nearest(capture.classID, version: nil)?
                .attribute(capture.attributeIndex)
        else { return nil }
        return attribute.shape.member(capture.dataIndex)?.name
    }

    /// Whether the captured attribute is a physical quantity, so that scaler and unit should be read.
    public var isQuantity: Bool { role == .value && capture.isQuantity }
}

/// The columns of a profile's rows, in the order they come.
public struct ProfileLayout: Hashable, Sendable {
    /// The columns.
    public let columns: [ProfileColumn]
    /// Where the time stamp is, nil if the rows have none.
    public let timeColumn: Int?
    /// Where the status word is, nil if the rows have none.
    public let statusColumn: Int?
    /// Where the captured values are.
    public let valueColumns: [Int]

    /// Makes a layout: the first clock column is the time stamp, the first profile status register the status word.
    /// - Parameters:
    ///   - captureObjects: The columns that the rows have.
    ///   - scalerUnits: Scaler and unit of the captured objects as far as they are known.
    public init(captureObjects: [CaptureObject], scalerUnits: [OBISCode: ScalerUnit] = [:]) {
        let timeColumn = captureObjects.firstIndex { $0.isTime }
        let statusColumn = captureObjects.firstIndex { $0.isStatus }
        self.init(
            columns: captureObjects.enumerated().map { index, capture in
                ProfileColumn(
                    capture: capture,
                    role: index == timeColumn ? .time : index == statusColumn ? .status : .value,
                    scalerUnit: capture.isQuantity ? scalerUnits[capture.logicalName] : nil
                )
            }
        )
    }

    private init(columns: [ProfileColumn]) {
        self.columns = columns
        timeColumn = columns.firstIndex { $0.role == .time }
        statusColumn = columns.firstIndex { $0.role == .status }
        valueColumns = columns.indices.filter { columns[$0].role == .value }
    }

    /// The layout of rows that have only some of the columns, given by their places in rising order.
    public func selecting(_ places: [Int]) -> ProfileLayout {
        ProfileLayout(columns: places.map { columns[$0] })
    }
}

extension CaptureObject {
    /// Whether the whole of a scaled attribute is captured.
    var isQuantity: Bool {
        dataIndex == 0 && QuantityAttributes.contains(classID: classID, index: attributeIndex)
    }

    /// The time of a clock, or a UNIX clock (0-0:1.1.0.255).
    var isTime: Bool {
        guard attributeIndex == 2, dataIndex == 0 else { return false }
        return classID == 8 || (logicalName.a == 0 && logicalName.c == 1 && logicalName.d == 1)
    }

    /// A profile status register (0-b:96.10.e.255).
    var isStatus: Bool {
        attributeIndex == 2 && logicalName.a == 0 && logicalName.c == 96 && logicalName.d == 10
    }
}

extension Shape {
    /// The member that a data_index means, counted from 1; nil if the shape is no structure or has no such member.
    fileprivate func member(_ dataIndex: UInt16) -> Member? {
        guard case .structure(let members) = alternative(for: .structure), dataIndex > 0, dataIndex <= members.count
        else { return nil }
        return members[Int(dataIndex) - 1]
    }

    /// What the element that a data_index means looks like; the whole for 0.
    func element(_ dataIndex: UInt16) -> Shape {
        guard dataIndex > 0 else { return self }
        if case .array(let element) = alternative(for: .array) { return element }
        return member(dataIndex)?.shape ?? .any
    }
}
