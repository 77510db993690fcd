from a import f, g, sized
