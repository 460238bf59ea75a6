// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

extension TreeWriter {
    mutating func invoke(_ value: InvokeIDAndPriority) {
        object("invoke") { tree in
            tree.json.member("invoke_id", value.invokeID)
            tree.json.member("confirmed", value.isConfirmed)
            tree.json.member("high_priority", value.isHighPriority)
            tree.octets("raw", [value.rawValue])
        }
    }

    mutating func invoke(_ value: LongInvokeIDAndPriority) {
        object("long_invoke_id_and_priority") { tree in
            tree.json.member("long_invoke_id", value.invokeID)
            tree.json.member("self_descriptive", value.isSelfDescriptive)
            tree.json.member("break_on_error", value.breaksOnError)
            tree.json.member("confirmed", value.isConfirmed)
            tree.json.member("high_priority", value.isHighPriority)
            tree.octets("raw", value.octets)
        }
    }

    mutating func shortName(_ name: StaticString, _ value: UInt16) {
        octets(name, [UInt8(value >> 8), UInt8(value & 0xFF)])
    }

    mutating func write(_ attribute: AttributeRequest) {
        write(attribute.descriptor, attribute.selectiveAccess)
    }

    mutating func write(_ descriptor: AttributeDescriptor, _ selection: SelectiveAccess? = nil) {
        object { tree in
            tree.json.member("class_id", descriptor.classID)
            tree.json.member("instance_id", descriptor.instanceID.text)
            tree.json.member("attribute_id", descriptor.attributeID)
            guard let selection else { return }
            tree.object("access_selection") { tree in
                tree.json.member("access_selector", selection.selector)
                tree.data("access_parameters", selection.parameters)
            }
        }
    }

    mutating func write(_ descriptor: MethodDescriptor) {
        object { tree in
            tree.json.member("class_id", descriptor.classID)
            tree.json.member("instance_id", descriptor.instanceID.text)
            tree.json.member("method_id", descriptor.methodID)
        }
    }

    mutating func descriptor(_ attribute: AttributeRequest) {
        json.name("descriptor")
        write(attribute)
    }

    mutating func descriptor(_ method: MethodDescriptor) {
        json.name("descriptor")
        write(method)
    }

    mutating func write(_ result: GetDataResult) {
        object { tree in
            switch result {
            case .data(let value): tree.data("data", value)
            case .failure(let reason): tree.json.member("data_access_result", reason.name)
            }
        }
    }

    mutating func block(_ block: OctetBlock) {
        object("block") { tree in
            tree.json.member("last_block", block.isLast)
            tree.json.member("block_number", block.number)
            tree.octets("raw_data", block.rawData)
        }
    }

    mutating func block(_ block: DataBlock) {
        object("block") { tree in
            tree.json.member("last_block", block.isLast)
            tree.json.member("block_number", block.number)
            switch block.content {
            case .octets(let octets): tree.octets("raw_data", octets)
            case .failure(let reason): tree.json.member("data_access_result", reason.name)
            }
        }
    }
}
